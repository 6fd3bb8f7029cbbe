/* SPDX-License-Identifier: Apache-2.0 */
/* rusticl on llvmpipe, Mesa 22.3: an int that is widened to long on its way to an address loses its sign: x[(long)i] with i = -1 reads
 * 2^32 - 1 elements further on.
 *
 * The library compares indices in their own type before they are widened (cl/index.clh). */
#include "reproducer.h"

int main(void) {
    int data[4] = {-3, 0, 0, 0};
    open_driver("rusticl");
    /* Counted from the end, as Gather's negative indices are: the sign is looked at after the index has been widened. */
    cl_kernel kernel = build("__kernel void wrap(__global int *x) { long i = x[0]; x[1] = i < 0; x[2] = (int)(i < 0 ? i + 10 : i);\n"
                             "x[3] = (int)(i >> 32); }", "wrap");
    cl_int code = run(kernel, 1, data, sizeof(data));
    return verdict(code != CL_SUCCESS || data[1] != 1 || data[2] != 7 || data[3] != -1, "an int loses its sign on its way to long");
}
