/* SPDX-License-Identifier: ISC */
/*
 * rtnetlink requests, one at a time, each with its acknowledgement.
 *
 * Leaves out: routes (the address brings its own), removing anything (a TAP takes its addresses with it).
 */
#include "platform/posix/hostif.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr head;
	union {
		struct ifaddrmsg addr;
		struct ifinfomsg link;
	} body;
	uint8_t attributes[128];
};

static void
add_attribute(struct request *r, unsigned short type, const void *data, size_t octets)
{
	struct rtattr *a = (struct rtattr *)(void *)((uint8_t *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(octets);
	memcpy(RTA_DATA(a), data, octets);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static int
await_answer(int fd)
{
	union {
		struct nlmsghdr head;
		uint8_t octets[4096];
	} answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), 0);

	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((struct nlmsgerr *)NLMSG_DATA(&answer.head))->error;
}

static int
transact(struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	r->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	r->head.nlmsg_seq = 1;
	int result = send(fd, r, r->head.nlmsg_len, 0) < 0 ? -errno : await_answer(fd);
	close(fd);
	return result;
}

int
pl_hostif_up(const char *name, uint16_t mtu)
{
	uint32_t value = mtu;
	struct request r = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK},
		.body.link = {.ifi_index = (int)if_nametoindex(name), .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
	};

	if (r.body.link.ifi_index == 0)
		return -ENODEV;
	add_attribute(&r, IFLA_MTU, &value, sizeof(value));
	return transact(&r);
}

int
pl_hostif_add_addr(const char *name, const struct plim_ifaddr *addr)
{
	bool is_v4 = addr->addr.family == 4;
	size_t octets = is_v4 ? 4 : 16;
	struct request r = {
		.head =
			{
				.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				.nlmsg_type = RTM_NEWADDR,
				.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL,
			},
		.body.addr =
			{
				.ifa_family = is_v4 ? AF_INET : AF_INET6,
				.ifa_prefixlen = addr->prefix_len,
				.ifa_flags = IFA_F_NODAD,
				.ifa_index = if_nametoindex(name),
			},
	};

	if (r.body.addr.ifa_index == 0)
		return -ENODEV;
	add_attribute(&r, IFA_LOCAL, addr->addr.octets, octets);
	add_attribute(&r, IFA_ADDRESS, addr->addr.octets, octets);
	int result = transact(&r);
	return result == -EEXIST ? 0 : result;
}

int
pl_hostif_mtu(const char *name)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	int result = ioctl(fd, SIOCGIFMTU, &ifr) < 0 ? -errno : ifr.ifr_mtu;
	close(fd);
	return result;
}
