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

/* Keys, "Cubic convolution interpolation for digital image processing", 1981. */
void oc__cubic_weights(double a, double t, double weights[4]) {
    for (int i = 0; i < 4; i++) {
        double d = fabs(t - (double)(i - 1));
        weights[i] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
}

static void cubic(const oc_resize_params *p, double place, int64_t from, oc__taps *out) {
    double first = floor(place), sum = 0;
    out->count = 4;
    oc__cubic_weights(p->cubic_a != 0 ? p->cubic_a : -0.75, place - first, out->weight);
    for (int i = 0; i < 4; i++) {
        double index = first + i - 1;
        if (p->exclude_outside && (index < 0 || index > (double)from - 1))
            out->weight[i] = 0;
        out->index[i] = clamp(index, from);
        sum += out->weight[i];
    }
    for (int i = 0; i < 4 && p->exclude_outside; i++)
        out->weight[i] /= sum;
}

void oc__resize_taps(const oc_resize_params *p, int64_t from, int64_t to, int64_t x, oc__taps *out) {
    double place = place_of(p, from, to, x), first = floor(place);
    *out = (oc__taps){.count = p->mode == OC_RESIZE_NEAREST ? 1 : 2, .weight = {1}};
    out->outside = p->coordinates == OC_RESIZE_CROP && (place < 0 || place > (double)from - 1);
    if (p->mode == OC_RESIZE_CUBIC) {
        cubic(p, place, from, out);
    } else if (p->mode == OC_RESIZE_LINEAR) {
        out->index[0] = clamp(first, from);
        out->index[1] = clamp(first + 1, from);
        out->weight[0] = 1 - (place - first);
        out->weight[1] = place - first;
    } else {
        out->index[0] = clamp(nearest(p->rounding, place), from);
    }
}
