/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that copies boxes between strides: an element, a piece of a row, or a tile a work-item. */
#include "op/shape/shape.h"

#define TILE 32 /* elements of each side of a tile */

oc__move oc__move_runs(int64_t outer, int64_t run, int64_t src, int64_t dst) {
    return (oc__move){.rank = 2, .size = {outer, run}, .src = {src, 1}, .dst = {dst, 1}};
}

void oc__move_collapse(oc__move *move) {
    oc__move out = {.src_at = move->src_at, .dst_at = move->dst_at};
    for (int i = 0; i < move->rank; i++) {
        int k = out.rank - 1;
        if (move->size[i] == 1)
            continue;
        if (k >= 0 && out.src[k] == move->src[i] * move->size[i] && out.dst[k] == move->dst[i] * move->size[i]) {
            out.size[k] *= move->size[i];
        } else {
            k = out.rank++;
            out.size[k] = move->size[i];
        }
        out.src[k] = move->src[i];
        out.dst[k] = move->dst[i];
    }
    *move = out;
}

static int64_t count_of(const oc__move *move) {
    int64_t count = 1;
    for (int i = 0; i < move->rank; i++)
        count *= move->size[i];
    return count;
}

static void take_axis(oc__move *move, int axis) {
    for (int i = axis; i + 1 < move->rank; i++) {
        move->size[i] = move->size[i + 1];
        move->src[i] = move->src[i + 1];
        move->dst[i] = move->dst[i + 1];
    }
    move->rank--;
}

static oc__step *add_step(const oc__recording *recording, const oc__move *move, const char *kernel, oc__place src,
                          oc__place dst, size_t element) {
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define ELEMENT %s\n#define RANK %d\n",
                      oc__element_type(element == 8 ? OC_U64 : element == 4 ? OC_U32 : element == 2 ? OC_U16 : OC_U8),
                      move->rank <= 2 ? 2 : move->rank <= 4 ? 4 : 8);
    oc__steps *steps = recording->steps;
    oc__step *step = oc__step_kernel(steps, "move.cl", defines.text, kernel);
    steps->failed = steps->failed || defines.failed;
    oc__string_finish(&defines);
    src.offset += (uint64_t)move->src_at * element;
    dst.offset += (uint64_t)move->dst_at * element;
    oc__step_place(steps, step, src, element);
    oc__step_place(steps, step, dst, element);
    return step;
}

static void add_axes(const oc__recording *recording, oc__step *step, const oc__move *move) {
    oc_shape shape = {.rank = move->rank};
    for (int i = 0; i < move->rank; i++)
        shape.dims[i] = move->size[i];
    oc__step_sizes(recording->steps, step, &shape);
    oc__step_strides(recording->steps, step, move->src, move->rank);
    oc__step_strides(recording->steps, step, move->dst, move->rank);
}

static void record_elements(const oc__recording *recording, const oc__move *move, oc__place src, oc__place dst,
                            size_t element) {
    int64_t count = count_of(move);
    oc__step *step = add_step(recording, move, "move_elements", src, dst, element);
    oc__step_i64(recording->steps, step, count);
    add_axes(recording, step, move);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
}

/* The last axis is contiguous in the destination, and in the source or not. */
static void record_rows(const oc__recording *recording, oc__move move, oc__place src, oc__place dst, size_t element) {
    oc__steps *steps = recording->steps;
    int64_t run = move.rank ? move.size[move.rank - 1] : 1, apart = move.rank ? move.src[move.rank - 1] : 1;
    move.rank -= move.rank > 0;
    oc__step *step = add_step(recording, &move, apart == 1 ? "move_rows" : "move_steps", src, dst, element);
    oc__step_rows(steps, step, count_of(&move), run);
    add_axes(recording, step, &move);
    if (apart != 1)
        oc__step_i64(steps, step, apart);
}

/* The last axis is contiguous in the destination, `axis` in the source. */
static void record_tiles(const oc__recording *recording, oc__move move, int axis, oc__place src, oc__place dst, size_t element) {
    oc__steps *steps = recording->steps;
    int last = move.rank - 1;
    int64_t args[] = {move.size[axis], move.dst[axis], move.size[last], move.src[last]};
    take_axis(&move, last);
    take_axis(&move, axis);
    oc__step *step = add_step(recording, &move, "move_tiles", src, dst, element);
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    add_axes(recording, step, &move);
    oc__step_range_single(step, (uint64_t)((args[2] + TILE - 1) / TILE), (uint64_t)((args[0] + TILE - 1) / TILE),
                          (uint64_t)count_of(&move));
}

oc_status oc__move_record(const oc__recording *recording, oc__move move, oc__place src, oc__place dst, size_t element, bool fast,
                          oc_error *err) {
    if (count_of(&move) == 0)
        return OC_OK;
    int axis = -1;
    if (fast)
        oc__move_collapse(&move);
    int last = move.rank - 1;
    bool contiguous = fast && (last < 0 || move.dst[last] == 1);
    for (int i = 0; contiguous && i <= last; i++)
        axis = move.src[i] == 1 ? i : axis;
    if (contiguous && (last < 0 || axis == last))
        record_rows(recording, move, src, dst, element);
    else if (contiguous && axis < 0 && move.size[last] > 4)
        record_rows(recording, move, src, dst, element);
    else if (contiguous && axis >= 0)
        record_tiles(recording, move, axis, src, dst, element);
    else
        record_elements(recording, &move, src, dst, element);
    return oc__steps_check(recording->steps, err);
}

void oc__move_host(const oc__move *move, const double *src, double *dst) {
    int64_t count = count_of(move);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, from = move->src_at, to = move->dst_at;
        for (int k = move->rank - 1; k >= 0; k--) {
            int64_t index = rest % move->size[k];
            rest /= move->size[k];
            from += index * move->src[k];
            to += index * move->dst[k];
        }
        dst[to] = src[from];
    }
}

bool oc__move_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__for_cpu(problem, caps, why);
}

double oc__move_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.5);
}
