/* SPDX-License-Identifier: Apache-2.0 */
#include "op/gemm.h"

#include "op/epilogue.h"
#include "op/room.h"

#define MOST_PARTS 64
#define MOST_BYTES ((uint64_t)64 << 20) /* of the parts' sums */

static const oc__gemm_tile tiles[] = {
    {16, 16, 8, 2, 4, 16, 0.03f, 0.03f, 0.6f}, {16, 16, 4, 1, 4, 16, 0.04f, 0.03f, 0.4f}, {8, 8, 8, 2, 4, 16, 0.04f, 0.045f, 0.45f},
    {8, 4, 8, 2, 4, 16, 0.04f, 0.05f, 0.4f},   {8, 8, 4, 1, 4, 16, 0.04f, 0.03f, 0.25f}, {4, 4, 4, 1, 4, 16, 0.02f, 0.02f, 0.1f},
    {4, 16, 8, 2, 16, 64, 0.19f, 0.02f, 0.1f}, {4, 8, 4, 1, 16, 32, 0.12f, 0.02f, 0.1f}};
static const int32_t tile_values[] = {1, 2, 3, 4, 5, 6, 7, 8, 0};
static const int32_t part_values[] = {1, 2, 4, 8, 16, 64, 0};
const oc__tuning oc__gemm_space[] = {{"TILE", tile_values}, {"PARTS", part_values}, {NULL, NULL}};

static bool tile_fits(const oc__gemm_size *s, const oc__gemm_tile *t, const oc__caps *caps) {
    int64_t columns = t->wx * t->nv * t->vec, bytes = t->kb * (t->wy * t->tm + 1 + columns) * 4 + columns * s->column_bytes;
    return (uint64_t)t->wx * (uint64_t)t->wy <= caps->max_work_group && (uint64_t)bytes <= caps->local_mem;
}

/* Rounds of loops for kb rows. */
static int64_t rounds(const oc__gemm_tile *t) {
    return t->kb * (1 + (t->wy * t->tm + t->wx * t->nv * t->vec) / (t->wx * t->wy)) + 3;
}

/* Parts of `at_least` or more so that work-items' loops are not too long; no empty ones. */
static oc__gemm_cut cut_of(const oc__gemm_size *s, const oc__caps *caps, const oc__gemm_tile *t, int64_t at_least) {
    char why[OC_WHY];
    int64_t steps = (s->k + t->kb - 1) / t->kb, parts = s->whole ? 1 : OC_MIN(at_least, steps);
    while (!s->whole && parts < steps && !oc__rounds_fit(caps, (steps + parts - 1) / parts * rounds(t), why))
        parts = OC_MIN(2 * parts, steps);
    int64_t each = (steps + parts - 1) / parts;
    int bm = t->wy * t->tm, bn = t->wx * t->nv * t->vec;
    return (oc__gemm_cut){t, (s->m + bm - 1) / bm, (s->n + bn - 1) / bn, (steps + each - 1) / each, each * t->kb};
}

uint64_t oc__gemm_sums(const oc__gemm_size *s, int64_t parts) {
    return parts > 1 ? (uint64_t)parts * (uint64_t)s->batch * (uint64_t)s->m * (uint64_t)s->n * 4 : 0;
}

static bool cut_fits(const oc__gemm_size *s, const oc__caps *caps, const oc__gemm_cut *cut) {
    char why[OC_WHY];
    uint64_t bytes = oc__gemm_sums(s, cut->parts);
    return tile_fits(s, cut->tile, caps) && oc__rounds_fit(caps, cut->k_part / cut->tile->kb * rounds(cut->tile), why) &&
           bytes <= OC_MIN(caps->max_alloc, MOST_BYTES);
}

static double seconds_of(const oc__gemm_size *s, const oc__caps *caps, const oc__gemm_cut *cut) {
    const oc__gemm_tile *t = cut->tile;
    bool cpu = caps->type == OC_DEVICE_CPU;
    double share = caps->simt_width <= 1 ? (double)t->cpu : cpu ? (double)t->lanes : (double)t->gpu;
    double groups = (double)cut->tiles_m * (double)cut->tiles_n * (double)s->batch * (double)cut->parts;
    double units = OC_MAX(caps->compute_units, 1u) * (cpu ? 1.0 : OC_MAX(512.0 / (t->wx * t->wy), 1.0)); /* groups at a time */
    double each = 2.0 * t->wx * t->wy * t->tm * t->nv * t->vec * ((double)cut->k_part + t->kb / 2.0);
    double turns = groups < units ? 1 : groups / units + 0.5;
    double join = cut->parts > 1 ? caps->launch_seconds + 8.0 * (double)oc__gemm_sums(s, cut->parts) / caps->peak_bytes : 0;
    double bytes = 4.0 * (double)s->batch * ((double)s->m * (double)s->k + (double)s->k * (double)s->n + (double)s->m * (double)s->n);
    return caps->launch_seconds + join + groups * caps->group_seconds +
           OC_MAX(turns * each * units / (caps->peak_flops * share), bytes / (0.5 * caps->peak_bytes));
}

static bool best(const oc__gemm_size *s, const oc__caps *caps, oc__variant *out) {
    double least = 0;
    bool found = false;
    for (size_t i = 0; i < OC_COUNT(tiles); i++)
        for (const int32_t *parts = part_values; *parts; parts++) {
            oc__gemm_cut cut = cut_of(s, caps, &tiles[i], *parts);
            double seconds = cut_fits(s, caps, &cut) ? seconds_of(s, caps, &cut) : 0;
            if (seconds == 0 || (found && seconds >= least * (*parts > 1 ? 0.8 : 0.999))) /* a workspace must be worth it */
                continue;
            found = true;
            least = seconds;
            *out = (oc__variant){{(int32_t)i + 1, *parts}};
        }
    return found;
}

bool oc__gemm_fits(oc__gemm_size s, const oc__caps *caps, char why[OC_WHY]) {
    oc__variant ignored;
    if (s.m > INT32_MAX / 2 || s.n > INT32_MAX / 2 || s.k > INT32_MAX / 2 || s.batch > INT32_MAX / MOST_PARTS)
        return oc__refuse(why, "a size beyond what 32 bits count");
    if (best(&s, caps, &ignored))
        return true;
    return oc__refuse(why, "no tile fits work-groups of %llu items with %llu bytes of local memory, or its loops would be too long",
                      (unsigned long long)caps->max_work_group, (unsigned long long)caps->local_mem);
}

void oc__gemm_variant(oc__gemm_size s, const oc__caps *caps, oc__variant *out) {
    *out = (oc__variant){{1, 1}};
    best(&s, caps, out);
}

oc__gemm_cut oc__gemm_cut_of(const oc__gemm_size *s, const oc__caps *caps, const oc__variant *v) {
    oc__gemm_cut cut = cut_of(s, caps, &tiles[OC_MIN(OC_MAX(v->value[0], 1), (int32_t)OC_COUNT(tiles)) - 1], OC_MAX(v->value[1], 1));
    oc__variant other;
    if (cut_fits(s, caps, &cut) || !best(s, caps, &other))
        return cut;
    return cut_of(s, caps, &tiles[other.value[0] - 1], other.value[1]);
}

double oc__gemm_seconds(oc__gemm_size s, const oc__caps *caps, const oc__variant *v) {
    oc__gemm_cut cut = oc__gemm_cut_of(&s, caps, v);
    return seconds_of(&s, caps, &cut);
}

uint64_t oc__gemm_workspace(oc__gemm_size s, const oc__caps *caps, const oc__variant *v) {
    return oc__gemm_sums(&s, oc__gemm_cut_of(&s, caps, v).parts);
}

void oc__gemm_define(const oc__gemm_cut *cut, const oc__caps *caps, oc__string *text) {
    const oc__gemm_tile *t = cut->tile;
    oc__string_printf(text, "%s#define WX %d\n#define WY %d\n#define TM %d\n#define NV %d\n#define VEC %d\n#define KB %d\n",
                      caps->fast_fma ? "#define FAST_FMA\n" : "", t->wx, t->wy, t->tm, t->nv, t->vec, t->kb);
}

void oc__gemm_args(oc__steps *steps, oc__step *step, const oc__gemm_size *s, const oc__gemm_cut *cut, const oc__gemm_strides *strides) {
    int64_t before[] = {s->m, s->n, s->k}, numbers[] = {strides->a, strides->b, strides->c, strides->row};
    for (size_t i = 0; i < OC_COUNT(before); i++)
        oc__step_i32(steps, step, before[i]);
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    oc__step_i32(steps, step, cut->parts);
    oc__step_i32(steps, step, cut->k_part);
}

void oc__gemm_range(oc__step *step, const oc__gemm_size *s, const oc__gemm_cut *cut) {
    uint64_t wx = (uint64_t)cut->tile->wx, wy = (uint64_t)cut->tile->wy;
    oc__step_range_local(step, 3, (uint64_t[]){(uint64_t)cut->tiles_n * wx, (uint64_t)cut->tiles_m * wy, (uint64_t)(s->batch * cut->parts)},
                         (uint64_t[]){wx, wy, 1});
}

void oc__gemm_result_define(const oc__problem *p, int64_t parts, bool bias, oc__string *text) {
    if (parts > 1)
        oc__string_append(text, "#define SPLIT\n#define DST f32\n#define POST_PARAMS\n#define POST_ARGS\n#define POSTS(VT, v, BIAS, RESIDUAL)\n");
    else
        oc__epilogue_define(p, text);
    if (parts == 1)
        oc__string_printf(text, "#define DST Z0\n%s", bias ? "#define HAS_BIAS\n" : "");
}

void oc__gemm_result_places(const oc__recording *r, oc__step *step, int64_t parts) {
    const oc__problem *p = r->problem;
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_place(r->steps, step, parts > 1 ? r->workspace : r->out[0].place, parts > 1 ? 4 : oc_dtype_size(p->out[0].dtype));
}

void oc__gemm_result_posts(const oc__recording *r, oc__step *step, int64_t parts, bool bias) {
    if (parts > 1)
        return;
    if (bias)
        oc__step_desc(r->steps, step, r->in[2].place, &r->problem->in[2]);
    oc__epilogue_args(r, step);
}

void oc__gemm_join(const oc__recording *r, const oc__gemm_size *s, int64_t parts, bool bias, bool by_row) {
    const oc__problem *p = r->problem;
    const int64_t *out = p->out[0].shape.dims, count = s->batch * s->m * s->n;
    if (parts == 1)
        return;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s", bias ? "#define HAS_BIAS\n" : "", by_row ? "#define BY_ROW\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "gemm_join.cl", text.text, "gemm_join");
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    oc__step_place(r->steps, step, r->workspace, 4);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t longs[] = {count, s->batch * s->m, by_row ? out[2] * out[3] : s->n}, ints[] = {s->m, s->n, parts};
    for (size_t i = 0; i < OC_COUNT(longs); i++)
        oc__step_i64(r->steps, step, longs[i]);
    for (size_t i = 0; i < OC_COUNT(ints); i++)
        oc__step_i32(r->steps, step, ints[i]);
    oc__gemm_result_posts(r, step, 1, bias);
    oc__step_range_items(step, r->caps, (uint64_t)count);
}
