/* SPDX-License-Identifier: ISC */
/* Opening a path that must stay beneath a folder, whatever it says and wherever links lead. */
#ifndef PL_TOOLS_BENEATH_H
#define PL_TOOLS_BENEATH_H

#ifdef __cplusplus
extern "C" {
#endif

/** Open for reading, without blocking on special files. A descriptor, or -errno (-EXDEV or -ELOOP: it led outside). */
int beneath_open(int root, const char *path);

/** The same without openat2(), for older kernels: follows no links at all and takes no "..". */
int beneath_open_by_parts(int root, const char *path);

#ifdef __cplusplus
}
#endif

#endif
