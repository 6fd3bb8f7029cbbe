/* SPDX-License-Identifier: Apache-2.0 */
/* A random counter (seed, run) for the next run. */
__kernel void counter_next(__global const long *x, long x_off, __global long *z, long z_off) {
    z[z_off] = x[x_off];
    z[z_off + 1] = x[x_off + 1] + 1;
}
