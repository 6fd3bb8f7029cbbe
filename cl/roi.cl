/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of images at samples between elements. BACK: an element of src adds up what comes from the samples it is a part of. */
#include "types.clh"

#ifdef BACK
#define S A3
#else
#define S A0
#endif
#define T COMPUTE(S)

typedef struct region {
    T y, x, height, width;
    long rows, columns;
} region;

static long samples_of(long asked, T size) {
    return asked > 0 ? asked : size > 0 ? (long)ceil(min(size, (T)1024)) : 0;
}

static region region_of(__global const TYPE(S) *corners, float scale, long rows, long columns, long samples) {
    region r;
    const T factor = scale;
#ifdef HALF_PIXEL
    const T moved = 0.5f;
#else
    const T moved = 0;
#endif
    r.x = LOAD(S, corners, 0) * factor - moved;
    r.y = LOAD(S, corners, 1) * factor - moved;
    r.width = LOAD(S, corners, 2) * factor - moved - r.x;
    r.height = LOAD(S, corners, 3) * factor - moved - r.y;
#ifndef HALF_PIXEL
    r.width = max(r.width, (T)1);
    r.height = max(r.height, (T)1);
#endif
    r.height /= rows;
    r.width /= columns;
    r.rows = samples_of(samples, r.height);
    r.columns = samples_of(samples, r.width);
    return r;
}

static bool taps_of(region r, long py, long px, long s, long height, long width, long at[4], T share[4]) {
    T y = r.y + (py + (s / r.columns + (T)0.5f) / r.rows) * r.height, x = r.x + (px + (s % r.columns + (T)0.5f) / r.columns) * r.width;
    if (!(y >= -1 && y <= height && x >= -1 && x <= width))
        return false;
    y = clamp(y, (T)0, (T)(height - 1));
    x = clamp(x, (T)0, (T)(width - 1));
    const long top = (long)y, left = (long)x, down = min(top + 1, height - 1), right = min(left + 1, width - 1);
    const T fy = y - top, fx = x - left;
    at[0] = top * width + left;
    at[1] = top * width + right;
    at[2] = down * width + left;
    at[3] = down * width + right;
    share[0] = (1 - fy) * (1 - fx);
    share[1] = (1 - fy) * fx;
    share[2] = fy * (1 - fx);
    share[3] = fy * fx;
    return true;
}

/* One element of a region in one plane; or, `element` not negative, what the result owes to that element of the plane. */
static T sampled(region r, long py, long px, __global const TYPE(S) *x, long height, long width, long element) {
    T sum = 0, best = -INFINITY, owed = 0;
    for (long s = 0; s < r.rows * r.columns; s++) {
        long at[4];
        T share[4];
        if (!taps_of(r, py, px, s, height, width, at, share))
            continue;
        for (int t = 0; t < 4; t++) {
#ifdef MAX
            const T v = share[t] * LOAD(S, x, at[t]);
            owed = v > best ? (at[t] == element ? share[t] : 0) : owed;
            best = max(best, v);
#else
            sum += element < 0 ? share[t] * LOAD(S, x, at[t]) : at[t] == element ? share[t] : 0;
#endif
        }
    }
#ifdef MAX
    return element >= 0 ? owed : best > -INFINITY ? best : 0;
#else
    return sum / max(r.rows * r.columns, 1L);
#endif
}

#ifdef BACK
__kernel void roi_align_bwd(__global const TYPE(A0) *d, long d_off, __global const TYPE(S) *regions, long regions_off,
                            __global const long *images, long images_off, __global const TYPE(S) *x, long x_off,
                            __global TYPE(Z0) *z, long z_off, long items, long count, long n, long channels, long height, long width,
                            long rows, long columns, long samples, float scale) {
    const long item = get_global_id(0), plane = height * width;
    T sum = 0;
    if (item >= items)
        return;
    x += x_off + item / plane * plane;
    for (long k = 0; k < count; k++) {
        if (images[images_off + k] != item / plane / channels)
            continue;
        const region r = region_of(regions + regions_off + k * 4, scale, rows, columns, samples);
        for (long p = 0; p < rows * columns; p++)
            sum += LOAD(A0, d, d_off + (k * channels + item / plane % channels) * rows * columns + p) *
                   sampled(r, p / columns, p % columns, x, height, width, item % plane);
    }
    STORE(Z0, z, z_off + item, sum);
}
#else
__kernel void roi_align(__global const TYPE(S) *x, long x_off, __global const TYPE(S) *regions, long regions_off,
                        __global const long *images, long images_off, __global TYPE(Z0) *z, long z_off, long items, long count, long n,
                        long channels, long height, long width, long rows, long columns, long samples, float scale) {
    const long item = get_global_id(0), c = item / (rows * columns) % channels, k = item / (rows * columns) / channels;
    if (item >= items)
        return;
    const long image = images[images_off + k];
    const region r = region_of(regions + regions_off + k * 4, scale, rows, columns, samples);
    x += x_off + (image * channels + c) * height * width;
    const bool there = image >= 0 && image < n && height > 0 && width > 0;
    STORE(Z0, z, z_off + item, there ? sampled(r, item / columns % rows, item % columns, x, height, width, -1) : 0);
}
#endif
