/* SPDX-License-Identifier: Apache-2.0 */
/* Weights (K, C, R, S) into the layout "w4Acdb32a" or "w2Acdb32a": what a reorder is for other layouts. */
#include "op/conv/conv.h"
#include "op/room.h"
#include "op/winograd.h"

static oc_status infer(oc__inference *x, oc_error *err) {
    const oc_shape *shape = &x->in[0].shape;
    if (shape->rank != 4 || !oc__winograd_of(2, shape->dims[2]) || !oc__winograd_of(2, shape->dims[3]))
        return oc__infer_fail(x, err, "only weights of 1, 3 or 5 taps an axis are transformed");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[0].shape};
    return OC_OK;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)in;
    oc__layout_parse(p->out[0].layout.winograd == 2 ? "w2Acdb32a" : "w4Acdb32a", &out[0]);
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    const oc_shape *shape = &p->in[0].shape;
    int tile = p->out[0].layout.winograd == 2 ? 2 : 4;
    if (!oc__winograd_of(tile, shape->dims[2]) || !oc__winograd_of(tile, shape->dims[3]))
        return oc__refuse(why, "no tiles of %d for %lld by %lld taps", tile, (long long)shape->dims[2], (long long)shape->dims[3]);
    return oc__ref_applicable(p, caps, why);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__desc *weights = &r->problem->in[0];
    int64_t k = weights->shape.dims[0], c = weights->shape.dims[1], padded = (k + 31) / 32 * 32;
    if (k * c == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(r->problem, &text);
    oc__string_printf(&text, "#define T %d\n#define R %d\n#define S %d\n", r->problem->out[0].layout.winograd == 2 ? 2 : 4,
                      (int)weights->shape.dims[2], (int)weights->shape.dims[3]);
    oc__step *step = oc__step_kernel(r->steps, "winograd_weights.cl", text.text, "winograd_weights");
    oc__step_desc(r->steps, step, r->in[0].place, weights);
    oc__step_desc(r->steps, step, r->out[0].place, &r->problem->out[0]);
    oc__step_i64(r->steps, step, k);
    oc__step_i64(r->steps, step, c);
    oc__step_i64(r->steps, step, padded * c);
    oc__step_range_items(step, r->caps, (uint64_t)(padded * c));
    return oc__record_end(r, &text, err);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(p, caps, 1, 0.3);
}

static const oc__solver ref = {.name = "winograd_weights.ref", .applicable = applicable, .layouts = layouts,
                               .estimate = estimate, .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

const oc__op oc__op_winograd_weights = {.name = "winograd_weights", .in_min = 1, .in_max = 1, .out_count = 1, .infer = infer,
                                        .batch = OC_BATCH_NONE("parameters have no batch axis"), .host = oc__copy_host, .solvers = solvers};
