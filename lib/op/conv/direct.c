/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution for CPU devices, channels in blocks: a work-item keeps KV x 16 channels of TH x TW pixels in registers.
 * Forward, and backward by data, which is the same walk over dy with the roles of the channels exchanged. */
#include "op/conv/direct.h"

#include <string.h>

#include "op/epilogue.h"
#include "op/room.h"

/* The direction as the kernel sees it: `in` is what is walked over, `out` what is written. */
typedef struct walk {
    bool backward;
    int64_t n, c, h, w, k, oh, ow, g; /* c, k: channels of all groups */
    int64_t pixels;                   /* of one phase of the result: rows and columns */
    int64_t rows, columns, phases;
    int kv;
} walk;

int oc__conv_vectors(int64_t k, int64_t groups) {
    int64_t kg = k / groups;
    if (kg <= 16 || (groups > 1 && kg % 32))
        return groups > 1 && kg % 48 == 0 ? 3 : 1;
    int64_t two = (kg + 31) / 32 * 32, three = (kg + 47) / 48 * 48;
    return three * 21 < two * 20 && (groups == 1 || kg % 48 == 0) ? 3 : 2;
}

static walk walk_of(const oc__problem *p) {
    oc__conv c = oc__conv_of(p);
    walk x = {.backward = p->op == &oc__op_conv2d_bwd_data, .n = c.n, .c = c.c, .h = c.h, .w = c.w, .k = c.k, .oh = c.oh, .ow = c.ow,
              .g = c.g, .phases = 1};
    if (x.backward)
        x = (walk){.backward = true, .n = c.n, .c = c.k, .h = c.oh, .w = c.ow, .k = c.c, .oh = c.h, .ow = c.w, .g = c.g,
                   .phases = c.stride_h * c.stride_w};
    x.rows = x.backward ? (x.oh + c.stride_h - 1) / c.stride_h : x.oh;
    x.columns = x.backward ? (x.ow + c.stride_w - 1) / c.stride_w : x.ow;
    if (c.r == 1 && c.s == 1 && c.stride_h == 1 && c.stride_w == 1 && x.h == x.oh && x.w == x.ow && !c.pad_h && !c.pad_w) {
        x.h = x.oh = x.rows = 1; /* pixels of an image one behind the other */
        x.w = x.ow = x.columns = c.oh * c.ow;
    }
    x.kv = oc__conv_vectors(x.k, x.g);
    return x;
}

bool oc__conv_has_bias(const oc__problem *p) {
    return p->op == &oc__op_conv2d && p->op_in > 2 && p->in[2].dtype;
}

bool oc__conv_for_cpu(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (caps->simt_width > 1)
        return oc__refuse(why, "one work-item a group is slow where %u run in lockstep", caps->simt_width);
    if (p->pre.count)
        return oc__refuse(why, "it takes no prologue");
    for (int i = 0; i < p->in_count; i++)
        if (p->in[i].dtype && p->in[i].dtype != OC_F32)
            return oc__refuse(why, "only f32");
    int64_t most = OC_MAX(OC_MAX(c.h * c.w, c.oh * c.ow) * 16, OC_MAX(c.r * c.s * 768, OC_MAX(c.c, c.k)));
    if (most > INT32_MAX / 2 || c.h + c.r * c.dilation_h + c.pad_h > INT32_MAX / 2 ||
        c.w + c.s * c.dilation_w + c.pad_w > INT32_MAX / 2 || c.oh * c.stride_h > INT32_MAX / 2 || c.ow * c.stride_w > INT32_MAX / 2)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

oc__layout oc__layout_blocked(int rank, int axis, int block) {
    oc__layout layout = oc__layout_plain(rank);
    layout.block_count = 1;
    layout.block_axis[0] = (int8_t)axis;
    layout.block_size[0] = (int16_t)block;
    return layout;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.g > 1 && (c.cg % 16 || c.kg % 16))
        return oc__refuse(why, "groups of %lld to %lld channels cannot be cut into blocks of 16", (long long)c.cg, (long long)c.kg);
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    walk x = walk_of(p);
    static const char *const forward[] = {"", "ABcd16b16a", "ABcd16b32a", "ABcd16b48a"};
    static const char *const backward[] = {"", "BAcd16a16b", "BAcd16a32b", "BAcd16a48b"};
    oc__layout_parse((x.backward ? backward : forward)[x.kv], &in[1]);
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    for (int i = p->op_in; i < p->in_count; i++)
        if (p->in[i].shape.rank == 4)
            in[i] = out[0];
}

/* Cycles of one tap of one source channel: multiply-adds, or loads where these are more; and what a tile costs beside. */
static double tile_cost(const walk *x, int rows, int columns) {
    double pixels = rows * columns, sums = pixels * x->kv;
    double busy = OC_MAX(sums / 2, (pixels + x->kv) / 2 + 0.5);
    double tiles = (double)((x->rows + rows - 1) / rows) * (double)((x->columns + columns - 1) / columns);
    return tiles * (OC_MAX(busy, 4.5) + 0.8);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    walk x = walk_of(p);
    int most = x.kv == 3 ? 9 : x.kv == 2 ? 14 : 28;
    double least = 0;
    for (int rows = 1; rows <= 4; rows *= 2)
        for (int columns = 1; columns * rows <= most; columns++) {
            double cost = tile_cost(&x, rows, columns);
            if (least > 0 && cost > least * 0.995)
                continue;
            least = cost;
            *out = (oc__variant){{rows, columns}};
        }
}

static const int32_t tile_rows[] = {1, 2, 4, 0}, tile_columns[] = {14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
static const oc__tuning space[] = {{"TH", tile_rows}, {"TW", tile_columns}, {NULL, NULL}};

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    walk x = walk_of(p);
    double useful = (double)(x.rows * x.columns) * (double)x.k / x.g;
    double blocks = (double)((x.k / x.g + x.kv * 16 - 1) / (x.kv * 16));
    double spent = tile_cost(&x, v->value[0], v->value[1]) * 2 / x.kv * blocks * x.kv * 16;
    double share = OC_MIN(1.0, useful / OC_MAX(spent, 1.0)) * 0.9;
    return oc__estimate_roofline(p, caps, OC_MAX(share, 1e-3), 0.6);
}

static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

void oc__conv_define(const oc__problem *p, const oc__caps *caps, oc__string *text) {
    bool mask = false;
    for (int i = 0; i < p->post.count; i++)
        mask = mask || (p->post.items[i].kind == OC_POST_ELTWISE && !p->post.items[i].fn->keeps_zero);
    oc__epilogue_define(p, text);
    oc__string_printf(text, "%s%s%s", caps->fast_fma ? "#define FAST_FMA\n" : "", oc__conv_has_bias(p) ? "#define HAS_BIAS\n" : "",
                      mask ? "#define MASK\n" : "");
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    walk x = walk_of(p);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    bool back = x.backward;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "%s#define KV %d\n#define TH %d\n#define TW %d\n#define SW %lld\n",
                      x.phases > 1 ? "#define PHASES\n" : "", x.kv, r->variant.value[0], r->variant.value[1],
                      (long long)(back ? 1 : c.stride_w));
    oc__step *step = oc__step_kernel(r->steps, "conv2d_direct.cl", text.text, "conv2d_direct");
    for (int i = 0; i < 2; i++)
        oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t out_n = (x.k + 15) / 16 * 16 * x.oh * x.ow;
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, out_n);
    int64_t tiles_x = (x.columns + r->variant.value[1] - 1) / r->variant.value[1];
    int64_t tiles_y = (x.rows + r->variant.value[0] - 1) / r->variant.value[0];
    int64_t cg = x.c / x.g, kg = x.k / x.g, group_k = (kg + x.kv * 16 - 1) / (x.kv * 16);
    int64_t numbers[] = {cg, x.h, x.w, x.k, x.oh, x.ow, c.r, c.s, back ? 1 : c.stride_h, back ? -c.dilation_h : c.dilation_h,
                         back ? -c.dilation_w : c.dilation_w, back ? c.pad_h : -c.pad_h, back ? c.pad_w : -c.pad_w, tiles_x,
                         group_k, cg / 16, back ? c.stride_h : 1, back ? c.stride_w : 1,
                         back ? c.stride_h / gcd(c.dilation_h, c.stride_h) : 1,
                         back ? c.stride_w / gcd(c.dilation_w, c.stride_w) : 1};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    if (oc__conv_has_bias(p))
        oc__step_desc(r->steps, step, r->in[2].place, &p->in[2]);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)(tiles_x * tiles_y * x.phases), (uint64_t)(group_k * x.g), (uint64_t)x.n);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_direct = {
    .name = "conv2d.direct", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT, .applicable = applicable, .layouts = layouts,
    .space = space, .variant = variant, .estimate = estimate, .record = record};
const oc__solver oc__conv2d_bwd_data_direct = {
    .name = "conv2d_bwd_data.direct", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT, .applicable = applicable,
    .layouts = layouts, .space = space, .variant = variant, .estimate = estimate, .record = record};
