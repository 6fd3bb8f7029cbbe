/* SPDX-License-Identifier: Apache-2.0 */
/* rusticl, Mesa 22.3: CL_KERNEL_LOCAL_MEM_SIZE counts what a program declares itself twice: 256 bytes are told as 512.
 *
 * The library halves it (lib/device/kernel.c); else it would refuse kernels that fit. */
#include "reproducer.h"

int main(void) {
    int data[64] = {0};
    cl_ulong size = 0;
    open_driver("rusticl");
    cl_kernel kernel = build("__kernel void near_by(__global int *x) { __local int t[64]; t[get_local_id(0)] = x[get_global_id(0)];\n"
                             "barrier(CLK_LOCAL_MEM_FENCE); x[get_global_id(0)] = t[get_local_id(0) ^ 1]; }", "near_by");
    run(kernel, 64, data, sizeof(data));
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof(size), &size, NULL);
    printf("%llu bytes, ", (unsigned long long)size);
    return verdict(size >= 512, "256 bytes of local memory are told as twice as many");
}
