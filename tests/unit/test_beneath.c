/* SPDX-License-Identifier: ISC */
/* No path leads outside the served folder: neither dots nor links, with openat2 and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/beneath.h"

static char base[64], path[256];
static int root;

static const char *
in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static void
put(const char *name, const char *content)
{
	int fd = open(in(name), O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

/* secret; served/a; served/sub/b; and links in served/ that lead in and out. */
static int
set_up(void **state)
{
	(void)state;
	strcpy(base, "/tmp/plim-beneath-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	mkdir(in("served"), 0755);
	mkdir(in("served/sub"), 0755);
	put("secret", "secret");
	put("served/a", "a");
	put("served/sub/b", "b");
	if (symlink("../secret", in("served/out")) != 0 || symlink("/etc/passwd", in("served/absolute")) != 0 ||
	    symlink("../..", in("served/sub/up")) != 0 || symlink("sub/b", in("served/inside")) != 0)
		return -1;
	root = open(in("served"), O_RDONLY | O_DIRECTORY);
	return root >= 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"served/out",   "served/absolute", "served/sub/up", "served/inside",
	                                    "served/sub/b", "served/a",        "secret"};

	(void)state;
	close(root);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in(names[i]));
	rmdir(in("served/sub"));
	rmdir(in("served"));
	rmdir(base);
	return 0;
}

static void
reads(int (*open_one)(int, const char *), const char *name, char expected)
{
	char c = 0;
	int fd = open_one(root, name);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, expected);
	close(fd);
}

static void
refuses(int (*open_one)(int, const char *), const char *name)
{
	int fd = open_one(root, name);

	if (fd >= 0)
		fail_msg("'%s' was opened", name);
}

static const char *const outside[] = {
	"out",         "absolute", "sub/up/secret",  "../secret", "sub/../../secret", "/etc/passwd",           "sub/up",
	"./../secret", "..",       "a/../../secret", "absent",    "sub/up/../x",      "inside/../../../secret"};

static void
inside_is_opened(void **state)
{
	(void)state;
	reads(beneath_open, "a", 'a');
	reads(beneath_open, "sub/b", 'b');
	reads(beneath_open, "sub/../a", 'a');
	reads(beneath_open, "inside", 'b');
	reads(beneath_open_by_parts, "a", 'a');
	reads(beneath_open_by_parts, "sub//b", 'b');
	close(beneath_open(root, ""));
}

static void
outside_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		refuses(beneath_open, outside[i]);
		if (outside[i][0] != '/') /* by parts, a leading slash means the root that is served */
			refuses(beneath_open_by_parts, outside[i]);
	}
	refuses(beneath_open_by_parts, "/etc/passwd");
}

static void
special_files_do_not_block(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in("served/fifo"), 0644), 0);
	int fd = beneath_open(root, "fifo");
	assert_true(fd >= 0);
	close(fd);
	unlink(in("served/fifo"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside_is_opened),
		cmocka_unit_test(outside_is_refused),
		cmocka_unit_test(special_files_do_not_block),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
