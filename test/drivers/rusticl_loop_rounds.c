/* SPDX-License-Identifier: Apache-2.0 */
/* rusticl on llvmpipe, Mesa 22.3: the loops of a work-item end, without a word, after 65535 rounds in all.
 *
 * Solvers refuse longer loops on such devices (oc__rounds_fit in lib/op/room.c), or do several steps in a round (cl/each.clh). */
#include "reproducer.h"

int main(void) {
    int data[2] = {100000, 0};
    open_driver("rusticl");
    cl_kernel kernel = build("__kernel void count(__global int *x) { int n = 0; for (int i = 0; i < x[0]; i++) n += x[1] + 1;\n"
                             "x[1] = n; }", "count");
    cl_int code = run(kernel, 1, data, sizeof(data));
    printf("%d rounds of 100000, ", data[1]);
    return verdict(code != CL_SUCCESS || data[1] != 100000, "a loop ended early");
}
