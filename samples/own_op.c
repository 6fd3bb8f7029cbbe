/* SPDX-License-Identifier: Apache-2.0 */
/* An operator of one's own: a filter of three taps along the rows of pictures, with a shape rule, its gradient, and two kernels:
 * one that shares rows in local memory, and a plain one for devices that have none. Then it is trained to be the filter that it
 * should be. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdio.h>

#define TRY(call) \
    if ((call) != OC_OK) return fprintf(stderr, "%s\n", err.text), 1
#define GROUP 64

static const char source[] =
    "__kernel void plain(__global const float *x, long x_at, __global const float *taps, long taps_at,\n"
    "                    __global float *y, long y_at, long items, long width, long step) {\n"
    "    long i = get_global_id(0), at = x_at + i / width * (width + 2 * step) + i % width;\n"
    "    if (i < items)\n"
    "        y[y_at + i] = taps[taps_at] * x[at] + taps[taps_at + 1] * x[at + step] + taps[taps_at + 2] * x[at + 2 * step];\n"
    "}\n"
    "__kernel void shared(__global const float *x, long x_at, __global const float *taps, long taps_at,\n"
    "                     __global float *y, long y_at, long width, long step, __local float *row) {\n"
    "    long j = get_global_id(0), r = get_global_id(1), first = j - get_local_id(0), wide = width + 2 * step;\n"
    "    for (long i = get_local_id(0); i < get_local_size(0) + 2 * step; i += get_local_size(0))\n"
    "        row[i] = first + i < wide ? x[x_at + r * wide + first + i] : 0;\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    __local const float *at = row + get_local_id(0);\n"
    "    if (j < width)\n"
    "        y[y_at + r * width + j] = taps[taps_at] * at[0] + taps[taps_at + 1] * at[step] + taps[taps_at + 2] * at[2 * step];\n"
    "}\n";

typedef struct filter_params {
    int64_t step; /* between taps */
} filter_params;
static const oc_custom_field fields[] = {OC_CUSTOM_FIELD(OC_I64, filter_params, step)};

/* (..., W + 2 step), (3) -> (..., W); sizes may be symbols. */
static oc_status shapes(oc_custom_shapes *s, oc_error *err) {
    int64_t step = ((filter_params *)s->params)->step;
    if (s->in[0].shape.rank < 1 || step < 1 || !oc_shape_equal(&s->in[1].shape, &OC_SHAPE(3)))
        return snprintf(err->text, sizeof(err->text), "it takes pictures, three taps, and a step of 1 or more"), OC_ERROR_SHAPE;
    int64_t *width = &s->out[0].shape.dims[s->in[0].shape.rank - 1];
    s->out[0] = s->in[0];
    *width = oc_custom_dim_window(s, *width, 3, 1, step, 0);
    return OC_OK;
}

static oc_status host(const oc_custom_problem *p, const double *const *in, double *const *out, oc_error *err) {
    int64_t step = ((const filter_params *)p->params)->step, width = p->out[0].shape.dims[p->out[0].shape.rank - 1];
    for (int64_t i = 0; i < oc_shape_count(&p->out[0].shape); i++) {
        const double *x = in[0] + i / width * (width + 2 * step) + i % width;
        out[0][i] = in[1][0] * x[0] + in[1][1] * x[step] + in[1][2] * x[2 * step];
    }
    return (void)err, OC_OK;
}

/* For the pictures: the filter turned around, over the gradient with zeros beside it. For the taps: products with shifted
 * pictures. */
static oc_status gradient(oc_custom_gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    int64_t step = ((const filter_params *)g->params)->step;
    int32_t last = oc_value_get_info(g->in[0]).shape.rank - 1;
    oc_pad_params pad = {0};
    oc_value *taps[3];
    pad.begin[last] = pad.end[last] = 2 * step;
    if (g->wanted[0]) {
        const oc_custom *filter = oc_custom_find(g->user, "org.example.filter");
        oc_value *turned = oc_slice(graph, g->in[1], &oc_slice_params(.begin = {-1}, .end = {-4}, .step = {-1}), err);
        oc_value *in[] = {oc_pad(graph, g->diff_out[0], &pad, err), turned};
        g->diff_in[0] = oc_graph_custom(graph, filter, g->params, sizeof(filter_params), in, 2, NULL, err);
    }
    for (int i = 0; g->wanted[1] && i < 3; i++) {
        oc_pad_params cut = {0};
        cut.begin[last] = -i * step;
        cut.end[last] = -(2 - i) * step;
        taps[i] = oc_reduce_sum(graph, oc_mul(graph, g->diff_out[0], oc_pad(graph, g->in[0], &cut, err), err), NULL, err);
        taps[i] = oc_reshape(graph, taps[i], &OC_SHAPE(1), err);
    }
    g->diff_in[1] = g->wanted[1] ? oc_concat(graph, taps, 3, 0, err) : NULL;
    return OC_OK; /* a value that could not be made is noticed */
}

static oc_status launch_shared(oc_custom_launch *launch, const oc_custom_problem *p, const oc_custom_device *device,
                               oc_error *err) {
    const oc_shape *y = &p->out[0].shape;
    uint64_t width = (uint64_t)y->dims[y->rank - 1];
    (void)device, (void)err;
    launch->items[0] = width;
    launch->items[1] = width ? (uint64_t)oc_shape_count(y) / width : 0;
    launch->group[0] = GROUP;
    launch->local_bytes = sizeof(float) * (GROUP + 2 * (uint64_t)((const filter_params *)p->params)->step);
    return OC_OK;
}

static int run(oc_context *context, oc_custom *filter) {
    oc_error err = {0};
    oc_device *device;
    oc_graph *graph;
    oc_plan *plan;
    oc_exec *exec;
    size_t wrong;
    const oc_optimizer adam = {.kind = OC_ADAM, .lr = 0.05f};
    const filter_params params = {.step = 2};
    static float pictures[2 * 8 * 100], sharp[2 * 8 * 96], hyper[OC_HYPER_COUNT], loss;

    /* The taps are a parameter; the size of the batch is open. */
    TRY(oc_device_create(&device, context, NULL, &err));
    TRY(oc_graph_create(&graph, context, &err));
    int64_t n = oc_graph_symbol(graph, "N");
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(n, 8, 100), &err);
    oc_value *t = oc_graph_input(graph, "t", OC_F32, &OC_SHAPE(n, 8, 96), &err);
    oc_value *taps = oc_graph_state(graph, "taps", OC_F32, &OC_SHAPE(3), &(oc_init){.value = 0.3}, &err), *in[] = {x, taps};
    oc_value *y = oc_graph_custom(graph, filter, &params, sizeof(params), in, 2, NULL, &err);
    oc_value *mse = oc_mse(graph, y, t, &err);
    TRY(oc_graph_output(graph, "loss", mse, &err));
    TRY(oc_gradcheck(device, graph, NULL, NULL, NULL, &wrong, &err));
    printf("%zu of its gradients are wrong\n", wrong);

    for (int i = 0; i < 2 * 8 * 100; i++)
        pictures[i] = (float)(i * 37 % 101) / 101;
    for (int i = 0; i < 2 * 8 * 96; i++) {
        const float *at = pictures + i / 96 * 100 + i % 96;
        sharp[i] = -0.5f * at[0] + 2 * at[2] - 0.5f * at[4];
    }
    TRY(oc_minimize(graph, mse, &adam, NULL, &err));
    TRY(oc_plan_create(&plan, graph, &device, 1, &(oc_plan_params){.default_dim = 2}, &err));
    TRY(oc_exec_create(&exec, plan, NULL, &err));
    oc_binding inputs[] = {{.name = "x"}, {.name = "t"}, {.name = OC_HYPER_NAME}}, output = {.name = "loss"};
    TRY(oc_tensor_wrap(&inputs[0].tensor, context, OC_F32, &OC_SHAPE(2, 8, 100), pictures, &err));
    TRY(oc_tensor_wrap(&inputs[1].tensor, context, OC_F32, &OC_SHAPE(2, 8, 96), sharp, &err));
    TRY(oc_tensor_wrap(&inputs[2].tensor, context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), hyper, &err));
    TRY(oc_tensor_wrap(&output.tensor, context, OC_F32, &OC_SCALAR, &loss, &err));
    for (int step = 1; step <= 300; step++) {
        oc_optimizer_hyper(&adam, step, hyper);
        TRY(oc_exec_run(exec, inputs, 3, &output, 1, &err));
        if (step == 1 || step % 100 == 0) printf("step %3d: loss %.6f\n", step, loss);
    }
    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&inputs[i].tensor);
    oc_tensor_destroy(&output.tensor), oc_exec_destroy(&exec), oc_plan_destroy(&plan), oc_graph_destroy(&graph),
        oc_device_destroy(&device);
    return wrong == 0 && loss < 1e-4f ? 0 : 1;
}

int main(void) {
    oc_error err = {0};
    oc_context *context;
    oc_custom *filter;
    TRY(oc_context_create(&context, NULL, &err));
    const oc_custom_kernel kernels[] = {
        {.name = "shared", .source = source, .args = "in out out0.-1 step local", .launch = launch_shared, .share = 0.2},
        {.name = "plain", .source = source, .args = "in out items out0.-1 step", .share = 0.1}};
    const oc_custom_params params = {.name = "org.example.filter",
                                     .in_min = 2,
                                     .params_size = sizeof(filter_params),
                                     .fields = fields,
                                     .field_count = 1,
                                     .batched = true,
                                     .flops = 5,
                                     .shapes = shapes,
                                     .host = host,
                                     .gradient = gradient,
                                     .kernels = kernels,
                                     .kernel_count = 2,
                                     .user = context};
    TRY(oc_custom_create(&filter, context, &params, &err));
    int result = run(context, filter);
    oc_custom_destroy(&filter);
    oc_context_destroy(&context);
    return result;
}
