/* SPDX-License-Identifier: ISC */
#include <plim/plim.h>
#include <stdio.h>

int
main(void)
{
	printf("plim %s\n", plim_version());
	return 0;
}
