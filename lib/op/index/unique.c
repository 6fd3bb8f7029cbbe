/* SPDX-License-Identifier: Apache-2.0 */
/* "unique" (x): of slices along an axis, or of single elements, where those that differ are. How many is said when the node is
 * made;
 * where fewer are found the rest is -1. */
#include <string.h>

#include <ocelli/op/shape.h>

#include "op/index/index.h"
#include "op/rig.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, oc_unique_params, axis),
                                   OC_FIELD(OC_FIELD_BOOL, oc_unique_params, slices),
                                   OC_FIELD(OC_FIELD_BOOL, oc_unique_params, unsorted),
                                   OC_FIELD(OC_FIELD_I64, oc_unique_params, count), {NULL}};

/* `size` slices, each of `outer` pieces of `inner` elements. */
typedef struct slices {
    int64_t size, outer, inner;
} slices;

static slices slices_of(const oc_shape *x, const oc_unique_params *params) {
    if (!params->slices)
        return (slices){oc__count(x), 1, 1};
    int axis = (int)params->axis;
    return (slices){x->dims[axis], oc__dims_product(x, 0, axis), oc__dims_product(x, axis + 1, x->rank)};
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_unique_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    if (params->slices)
        OC_TRY(oc__infer_axis(inference, &params->axis, x->rank, err));
    int64_t size = params->slices ? x->dims[params->axis] : oc_shape_count(x);
    if (params->count < 0 || size < 0)
        return oc__infer_fail(inference, err, "%lld of %lld elements; both must be numbers", (long long)params->count,
                              (long long)size);
    for (int i = 0; i < 3; i++)
        inference->out[i].dtype = OC_I64;
    inference->out[0].shape = inference->out[2].shape = OC_SHAPE(params->count);
    inference->out[1].shape = OC_SHAPE(size);
    return OC_OK;
}

/* -1, 0, 1: NaN is equal to NaN, and above all numbers. */
static int compare(double a, double b) {
    if (a != a || b != b)
        return (a != a) - (b != b);
    return (a > b) - (a < b);
}

static int compare_slices(const double *x, slices s, int64_t a, int64_t b) {
    for (int64_t o = 0; o < s.outer; o++) {
        const double *row = x + o * s.size * s.inner;
        for (int64_t i = 0; i < s.inner; i++) {
            int c = compare(row[a * s.inner + i], row[b * s.inner + i]);
            if (c)
                return c;
        }
    }
    return 0;
}

/* Slices in order, equal ones in theirs. */
static void sort(const double *x, slices s, int64_t *order, int64_t *other, int64_t count) {
    int64_t half = count / 2, a = 0, b = half;
    if (count < 2)
        return;
    sort(x, s, order, other, half);
    sort(x, s, order + half, other, count - half);
    for (int64_t i = 0; i < count; i++) {
        bool first = b == count || (a < half && compare_slices(x, s, order[a], order[b]) <= 0);
        other[i] = first ? order[a++] : order[b++];
    }
    memcpy(order, other, (size_t)count * sizeof(*order));
}

/* first[i]: the first slice that equals slice i. Returns how many are the first of their kind. */
static int64_t find_first(const double *x, slices s, const int64_t *order, int64_t *first) {
    int64_t count = 0;
    for (int64_t i = 0; i < s.size; i++) {
        bool same = i > 0 && compare_slices(x, s, order[i], order[i - 1]) == 0;
        first[order[i]] = same ? first[order[i - 1]] : order[i];
        count += !same;
    }
    return count;
}

/* Three lists of `size` in one piece. */
static oc_status ordered(oc_context *context, const double *x, slices s, int64_t **lists, int64_t *count, oc_error *err) {
    *lists = oc__alloc_array(context, (size_t)(3 * s.size) + 1, sizeof(**lists));
    if (!*lists)
        return oc__fail_memory(context, err, (size_t)s.size * 3 * sizeof(**lists));
    for (int64_t i = 0; i < s.size; i++)
        (*lists)[i] = i;
    sort(x, s, *lists, *lists + s.size, s.size);
    *count = find_first(x, s, *lists, *lists + s.size);
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_unique_params *params = problem->params;
    slices s = slices_of(&problem->in[0].shape, params);
    int64_t *order, count, found = 0;
    OC_TRY(ordered(context, in[0], s, &order, &count, err));
    int64_t *first = order + s.size, *place = first + s.size;
    for (int k = 0; k < 3; k += 2)
        for (int64_t i = 0; out[k] && i < params->count; i++)
            out[k][i] = -1;
    for (int64_t i = 0; i < s.size; i++) { /* in their order, or in that of the slices */
        int64_t at = params->unsorted ? i : order[i];
        if (first[at] == at)
            place[at] = found++;
    }
    for (int64_t i = 0; i < s.size; i++) {
        int64_t to = place[first[i]];
        if (out[1])
            out[1][i] = (double)to;
        if (to >= params->count)
            continue;
        out[0][to] = (double)first[i];
        if (out[2])
            out[2][to] = first[i] == i ? 1 : out[2][to] + 1;
    }
    oc__free(context, order);
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    (void)g, (void)err;
    return OC_OK;
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    return ((uint64_t)slices_of(&problem->in[0].shape, problem->params).size * 2 + 1) * sizeof(int64_t);
}

static oc__step *add_step(const oc__recording *recording, const char *defines, const char *kernel, bool source, int64_t items) {
    const oc__problem *problem = recording->problem;
    slices s = slices_of(&problem->in[0].shape, problem->params);
    oc__step *step = oc__step_kernel(recording->steps, "unique.cl", defines, kernel);
    const int64_t numbers[] = {s.size, s.outer, s.inner};
    if (source)
        oc__step_desc(recording->steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_place(recording->steps, step, recording->workspace, sizeof(int64_t));
    for (size_t i = 0; i < (source ? OC_COUNT(numbers) : 1); i++)
        oc__step_i64(recording->steps, step, numbers[i]);
    oc__step_range_items(step, recording->caps, (uint64_t)items);
    return step;
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_unique_params *params = problem->params;
    oc__steps *steps = recording->steps;
    int64_t size = slices_of(&problem->in[0].shape, params).size;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, params->unsorted ? "#define UNSORTED\n" : "");
    if (size > 0) {
        add_step(recording, defines.text, "unique_first", true, size);
        add_step(recording, defines.text, "unique_place", true, size);
    }
    const char *const kernels[] = {"unique_indices", "unique_inverse", "unique_counts"};
    for (int i = 0; i < 3; i++) {
        int64_t items = i == 1 ? size : params->count;
        if (!problem->out[i].dtype || items == 0)
            continue;
        oc__step *step = add_step(recording, defines.text, kernels[i], false, items);
        oc__step_desc(steps, step, recording->out[i].place, &problem->out[i]);
        oc__step_i64(steps, step, items);
    }
    return oc__record_end(recording, &defines, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    slices s = slices_of(&problem->in[0].shape, problem->params);
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, s.size * OC_MIN(s.outer * s.inner, 1 << 20), why);
}

static const oc__solver ref = {.name = "unique.ref", .applicable = applicable, .workspace = workspace,
                               .estimate = oc__ref_estimate,
                               .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

static oc_status count_known(const oc__onnx_reading *reading, oc_unique_params *params, oc_error *err) {
    const oc_tensor *x = reading->known[0].tensor;
    int64_t *lists, count = x != NULL ? oc_tensor_get_count(x) : 0;
    if (x == NULL || reading->known[0].symbols != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED,
                               "how much is found depends on '%s', which is not known while reading",
                               reading->node->in[0]);
    double *values = oc__alloc_array(reading->context, (size_t)count + 1, sizeof(*values));
    if (values == NULL)
        return oc__fail_memory(reading->context, err, (size_t)count * sizeof(*values));
    for (int64_t i = 0; i < count; i++)
        values[i] = oc__element_get(oc_tensor_get_dtype(x), oc_tensor_get_data(x), i);
    oc_status status = ordered(reading->context, values, slices_of(oc_tensor_get_shape(x), params), &lists, &params->count, err);
    oc__free(reading->context, status == OC_OK ? lists : NULL);
    oc__free(reading->context, values);
    return status;
}

static oc_status read_unique(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_unique_params params = {.slices = oc__onnx_attr_find(reading->node, "axis") != NULL,
                               .axis = oc__onnx_attr_int(reading->node, "axis", 0),
                               .unsorted = oc__onnx_attr_int(reading->node, "sorted", 1) == 0};
    oc_value *others[3] = {NULL};
    int64_t rank = reading->in[0]->shape.rank;
    (void)memory;
    if (params.slices && (params.axis < -rank || params.axis >= rank))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %lld axes", (long long)params.axis, (long long)rank);
    params.axis += params.axis < 0 ? rank : 0;
    OC_TRY(count_known(reading, &params, err));
    oc_value *y = oc_unique(reading->graph, reading->in[0], &params, &others[0], &others[1], &others[2], err);
    for (int i = 1; i < reading->node->out_count; i++)
        reading->out[i] = others[i - 1];
    return oc__onnx_give(reading, y, err);
}

static oc_status write_unique(oc__onnx_writing *writing, oc_error *err) {
    const oc_unique_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "Unique");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, oc__onnx_fresh(writing));
    for (int i = 0; i < 3; i++)
        oc__onnx_emit_out(writing, node, writing->out[i]);
    if (params->slices)
        oc__onnx_emit_int(writing, node, "axis", params->axis);
    oc__onnx_emit_int(writing, node, "sorted", !params->unsorted);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("sorted"), {NULL}};
static const oc__onnx_rule rules[] = {{.type = "Unique", .op = "unique", .since = 11, .in_min = 1, .in_max = 1, .out_max = 4,
                                       .peeked_inputs = 1, .attrs = attrs, .read = read_unique, .write = write_unique}, {NULL}};

const oc__op oc__op_unique = {.name = "unique", .in_min = 1, .in_max = 1, .out_count = 3,
                              .flags = OC_OP_EXACT | OC_OP_OPTIONAL_OUTPUTS,
                              .params_size = sizeof(oc_unique_params), .fields = fields, .infer = infer, .gradient = gradient,
                              .batch = OC_BATCH_NONE("all are compared with all"), .host = host, .solvers = solvers, .onnx = rules};

oc_value *oc_unique(oc_graph *graph, oc_value *x, const oc_unique_params *params, oc_value **indices, oc_value **inverse,
                    oc_value **counts, oc_error *err) {
    const oc_unique_params own = params ? *params : (oc_unique_params){0};
    oc_value *out[3] = {NULL};
    if (oc__graph_node(graph, &oc__op_unique, &own, &x, 1, out, 3, err) != OC_OK)
        return NULL;
    oc_value **const to[] = {indices, inverse, counts};
    for (int i = 0; i < 3; i++)
        if (to[i])
            *to[i] = out[i];
    if (own.slices)
        return oc_gather(graph, x, out[0], own.axis, err);
    return oc_gather(graph, oc_reshape(graph, x, &OC_SHAPE(-1), err), out[0], 0, err);
}
