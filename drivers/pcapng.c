/* SPDX-License-Identifier: ISC */
/*
 * Writing pcapng (draft-ietf-opsawg-pcapng): a section header block, one interface description
 * block, then one enhanced packet block for each frame, in the machine's byte order.
 *
 * Leaves out: name resolution, statistics, other block types.
 */
#include "drivers/pcapng.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checksum.h"

#define LINKTYPE_ETHERNET 1
#define OPT_IF_TSRESOL 9
#define OPT_EPB_FLAGS 2
#define UDP_CSUM_OFFSET 6 /* of the checksum in a UDP header: a sum of 0 is sent as all ones there */

struct section_block {
	uint32_t type, length, magic;
	uint16_t major, minor;
	int64_t section_length;
	uint32_t length_again;
} __attribute__((packed));

struct interface_block {
	uint32_t type, length;
	uint16_t linktype, reserved;
	uint32_t snaplen;
	uint16_t opt_code, opt_len;
	uint8_t tsresol, pad[3];
	uint16_t end_code, end_len;
	uint32_t length_again;
} __attribute__((packed));

struct packet_head {
	uint32_t type, length, interface_id, time_high, time_low, captured, original;
};

struct packet_tail {
	uint16_t opt_code, opt_len;
	uint32_t flags;
	uint16_t end_code, end_len;
	uint32_t length_again;
};

static void
end_capture(struct pl_pcapng *p, int error)
{
	p->error = error;
	close(p->fd);
	p->fd = -1;
}

/* A regular file takes all or fails; anything shorter would leave a torn block, so the capture ends there. */
static void
write_all(struct pl_pcapng *p, const struct iovec *iov, int n)
{
	size_t want = 0;

	for (int i = 0; i < n; i++)
		want += iov[i].iov_len;
	ssize_t got = writev(p->fd, iov, n);
	if (got < 0)
		end_capture(p, errno);
	else if ((size_t)got != want)
		end_capture(p, ENOSPC);
}

int
pl_pcapng_open(struct pl_pcapng *p, int fd, int64_t epoch_offset)
{
	struct section_block section = {
		.type = 0x0a0d0d0a,
		.length = sizeof(section),
		.magic = 0x1a2b3c4d,
		.major = 1,
		.section_length = -1,
		.length_again = sizeof(section),
	};
	struct interface_block iface = {
		.type = 1,
		.length = sizeof(iface),
		.linktype = LINKTYPE_ETHERNET,
		.opt_code = OPT_IF_TSRESOL,
		.opt_len = 1,
		.tsresol = 9,
		.length_again = sizeof(iface),
	};
	struct iovec iov[] = {{&section, sizeof(section)}, {&iface, sizeof(iface)}};

	*p = (struct pl_pcapng){.fd = fd, .epoch_offset = epoch_offset};
	write_all(p, iov, 2);
	return p->fd >= 0 ? 0 : -p->error;
}

/* Does the frame leave its checksum to the driver, with the field inside the frame? */
static bool
must_finish(const struct plim_frame *f)
{
	return (f->flags & PLIM_FRAME_NEEDS_CSUM) != 0 && f->csum_start != 0 &&
	       (uint32_t)f->csum_start + f->csum_offset + 2 <= f->len;
}

/* The finished checksum: the field holds the pseudo-header's sum, which counts as data (as in virtio). */
static void
finished_checksum(const struct plim_frame *f, uint8_t out[2])
{
	pl_csum_store(out, pl_csum_add(0, f->data + f->csum_start, f->len - f->csum_start));
	if (f->csum_offset == UDP_CSUM_OFFSET && out[0] == 0 && out[1] == 0)
		out[0] = out[1] = 0xff;
}

/* The frame's octets as up to three runs, the middle one being the finished checksum. */
static int
frame_runs(const struct plim_frame *f, uint8_t csum[2], struct iovec *iov)
{
	if (!must_finish(f)) {
		iov[0] = (struct iovec){f->data, f->len};
		return 1;
	}
	size_t at = (size_t)f->csum_start + f->csum_offset;

	finished_checksum(f, csum);
	iov[0] = (struct iovec){f->data, at};
	iov[1] = (struct iovec){csum, 2};
	iov[2] = (struct iovec){f->data + at + 2, f->len - at - 2};
	return 3;
}

void
pl_pcapng_write(struct pl_pcapng *p, const struct plim_frame *f, enum pl_pcapng_direction direction, pl_time now)
{
	static const uint8_t zeros[4];
	uint8_t csum[2];
	struct iovec iov[6];
	uint32_t pad = (4 - (f->len & 3)) & 3;
	uint32_t total = (uint32_t)(sizeof(struct packet_head) + f->len + pad + sizeof(struct packet_tail));
	uint64_t stamp = now + (uint64_t)p->epoch_offset;
	struct packet_head head = {6, total, 0, (uint32_t)(stamp >> 32), (uint32_t)stamp, f->len, f->len};
	struct packet_tail tail = {OPT_EPB_FLAGS, 4, direction, 0, 0, total};

	if (p->fd < 0)
		return;
	iov[0] = (struct iovec){&head, sizeof(head)};
	int n = 1 + frame_runs(f, csum, iov + 1);
	iov[n++] = (struct iovec){(void *)(uintptr_t)zeros, pad};
	iov[n++] = (struct iovec){&tail, sizeof(tail)};
	write_all(p, iov, n);
	p->frames++;
}

void
pl_pcapng_close(struct pl_pcapng *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
