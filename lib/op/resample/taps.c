/* SPDX-License-Identifier: Apache-2.0 */
/* Which elements of an axis an element of the resized one is made of. */
#include <math.h>

#include "op/resample/resample.h"

static double place_of(const oc_resize_params *p, int64_t from, int64_t to, int64_t x) {
    double scale = p->scale > 0 ? p->scale : (double)to / (double)from, n = (double)from, m = (double)to, half = ((double)x + 0.5) / scale;
    switch (p->coordinates) {
    case OC_RESIZE_HALF_PIXEL_SYMMETRIC:
        return n / 2 * (1 - m / (scale * n)) + half - 0.5;
    case OC_RESIZE_PYTORCH_HALF_PIXEL:
        return to > 1 ? half - 0.5 : 0;
    case OC_RESIZE_ALIGN_CORNERS: /* ONNX's definition has the size before it is rounded down */
        return scale * n != 1 ? (double)x * (n - 1) / (scale * n - 1) : 0;
    case OC_RESIZE_ASYMMETRIC:
        return (double)x / scale;
    case OC_RESIZE_TF_HALF_PIXEL:
        return half;
    case OC_RESIZE_CROP:
        return to > 1 ? p->roi_begin * (n - 1) + (double)x * (p->roi_end - p->roi_begin) * (n - 1) / (m - 1)
                      : 0.5 * (p->roi_begin + p->roi_end) * (n - 1);
    default:
        return half - 0.5;
    }
}

static int64_t clamp(double index, int64_t size) {
    return index < 0 ? 0 : index > (double)size - 1 ? size - 1 : (int64_t)index;
}

static double nearest(oc_resize_rounding rounding, double place) {
    switch (rounding) {
    case OC_RESIZE_ROUND_PREFER_CEIL: return floor(place + 0.5);
    case OC_RESIZE_FLOOR: return floor(place);
    case OC_RESIZE_CEIL: return ceil(place);
    default: return ceil(place - 0.5);
    }
}

bool oc__taps_init(oc__taps *taps, oc_context *context, int64_t to, int64_t count) {
    int64_t all;
    *taps = (oc__taps){.context = context, .to = to, .count = (int)count};
    if (count > OC_MAX_TAPS || !oc__mul_i64(to, count, &all) || (uint64_t)all > SIZE_MAX / 16)
        return false;
    taps->index = oc__alloc_array(context, (size_t)all, sizeof(*taps->index));
    taps->weight = oc__alloc_array(context, (size_t)all, sizeof(*taps->weight));
    taps->outside = oc__alloc_array(context, (size_t)to, sizeof(*taps->outside));
    return taps->index && taps->weight && taps->outside;
}

void oc__taps_finish(oc__taps *taps) {
    oc__free(taps->context, taps->index);
    oc__free(taps->context, taps->weight);
    oc__free(taps->context, taps->outside);
}

/* What antialiasing stretches the kernel by. */
static double stretch(const oc_resize_params *p, int64_t from, int64_t to) {
    double scale = p->scale > 0 ? p->scale : (double)to / (double)from;
    return p->antialias && p->mode != OC_RESIZE_NEAREST && scale < 1 ? 1 / scale : 1;
}

int64_t oc__resize_tap_count(const oc_resize_params *p, int64_t from, int64_t to) {
    double radius = p->mode == OC_RESIZE_CUBIC ? 2 : 1, reach = ceil(radius * stretch(p, from, to));
    return p->mode == OC_RESIZE_NEAREST ? 1 : reach < OC_MAX_TAPS ? 2 * (int64_t)reach : OC_MAX_TAPS + 1;
}

/* Of cubic convolution: Keys, "Cubic convolution interpolation for digital image processing", 1981. */
static double kernel(const oc_resize_params *p, double d) {
    double a = p->cubic_a != 0 ? p->cubic_a : -0.75;
    if (p->mode == OC_RESIZE_LINEAR)
        return d < 1 ? 1 - d : 0;
    return d >= 2 ? 0 : d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/* Elements around a place; the sum of weights is 1. */
static void around(const oc_resize_params *p, double place, double stretched, int64_t from, int count, int64_t *index,
                   double *weight) {
    double first = floor(place) - count / 2 + 1, sum = 0;
    bool inner = p->exclude_outside && (p->mode == OC_RESIZE_CUBIC || p->antialias);
    for (int i = 0; i < count; i++) {
        double at = first + i;
        bool outside = at < 0 || at > (double)from - 1;
        weight[i] = inner && outside ? 0 : kernel(p, fabs(place - at) / stretched);
        index[i] = clamp(at, from);
        sum += weight[i];
    }
    for (int i = 0; i < count && (inner || stretched > 1); i++)
        weight[i] /= sum;
}

void oc__resize_taps(const oc_resize_params *p, int64_t from, oc__taps *out) {
    double stretched = stretch(p, from, out->to);
    for (int64_t x = 0; x < out->to; x++) {
        double place = place_of(p, from, out->to, x);
        int64_t *index = out->index + x * out->count;
        double *weight = out->weight + x * out->count;
        out->outside[x] = p->coordinates == OC_RESIZE_CROP && (place < 0 || place > (double)from - 1);
        if (p->mode != OC_RESIZE_NEAREST) {
            around(p, place, stretched, from, out->count, index, weight);
        } else {
            index[0] = clamp(nearest(p->rounding, place), from);
            weight[0] = 1;
        }
    }
}

void oc__area_taps(int64_t from, oc__taps *out) {
    for (int64_t x = 0; x < out->to; x++) {
        int64_t begin = x * from / out->to, end = ((x + 1) * from + out->to - 1) / out->to;
        for (int64_t t = 0; t < out->count; t++) {
            out->index[x * out->count + t] = OC_MIN(begin + t, end - 1);
            out->weight[x * out->count + t] = begin + t < end ? 1 / (double)(end - begin) : 0;
        }
    }
}
