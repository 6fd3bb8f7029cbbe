/* SPDX-License-Identifier: Apache-2.0 */
/* Oclgrind 21.10: __builtin_prefetch(), which is clang's, is an instruction it does not know: it ends the process.
 *
 * The library's kernels use it only where fma() is one instruction, which Oclgrind does not claim (cl/tile.clh). */
#include "reproducer.h"

int main(void) {
    int data[4] = {1, 1, 1, 1};
    open_driver("Oclgrind");
    cl_kernel kernel = build("__kernel void soon(__global int *x) { __builtin_prefetch((const void *)(size_t)x); x[get_global_id(0)] += 1; }", "soon");
    cl_int code = run(kernel, 4, data, sizeof(data));
    return verdict(code != CL_SUCCESS || data[3] != 2, "__builtin_prefetch() is unknown");
}
