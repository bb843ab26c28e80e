/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target on stored inputs: each argument is a file or a folder of files.
 *
 * Leaves out: making inputs. That is libFuzzer's part (make fuzz).
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 1;
	}
	size_t n = fread(data, 1, sizeof(data), f);
	fclose(f);
	return LLVMFuzzerTestOneInput(data, n);
}

static int
run_folder(DIR *dir, const char *path)
{
	char name[4096];
	int bad = 0;

	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		bad |= run_file(name);
	}
	return bad;
}

int
main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		bad |= dir != NULL ? run_folder(dir, argv[i]) : run_file(argv[i]);
		if (dir != NULL)
			closedir(dir);
	}
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
