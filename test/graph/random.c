/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs, from seeds: each pass leaves the numbers as they are, and the device computes what the definitions say, forward and
 * backward. $OCELLI_TEST_GRAPHS is how many (default: as many as fit into a few seconds). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "graph/graph.h"
#include "kit/kit.h"

#define POOL 48 /* values that later nodes choose from */
#define SECONDS 20.0

typedef struct maker {
    kit *k;
    oc_graph *graph;
    oc_value *pool[POOL];
    int count, states;
    uint64_t seed, drawn;
} maker;

static oc_error err;

static int draw(maker *m, int below) {
    return (int)(oc__random_uniform(m->seed, 1, m->drawn++) * (float)below);
}

static oc_value *state(maker *m, const oc_shape *shape, oc_init_kind kind) {
    char name[32];
    snprintf(name, sizeof(name), "w%d", m->states++);
    return oc_graph_state(m->graph, name, OC_F32, shape, &oc_init_params(kind, .value = kind == OC_INIT_UNIFORM ? 1.5 : 0, .scale = 0.5), &err);
}

static oc_value *any(maker *m) {
    return m->pool[draw(m, m->count)];
}

/* Another value of the same shape, or the value itself. */
static oc_value *alike(maker *m, oc_value *x) {
    for (int i = 0, at = draw(m, m->count); i < m->count; i++, at = (at + 1) % m->count)
        if (oc_shape_equal(&m->pool[at]->shape, &x->shape))
            return m->pool[at];
    return x;
}

static oc_value *unary(maker *m, oc_value *x) {
    oc_value *(*const functions[])(oc_graph *, oc_value *, oc_error *) = {oc_relu, oc_sigmoid, oc_tanh, oc_sin,  oc_neg,
                                                                         oc_softplus, oc_gelu, oc_mish, oc_identity, oc_softsign};
    oc_value *y = functions[draw(m, 10)](m->graph, x, &err);
    return y;
}

static oc_value *binary(maker *m, oc_value *x) {
    oc_value *(*const functions[])(oc_graph *, oc_value *, oc_value *, oc_error *) = {oc_add, oc_sub, oc_mul, oc_max};
    oc_shape small = {x->shape.rank, {1, 1, 1, 1, 1, 1, 1, 1}};
    for (int i = 0; i < x->shape.rank; i++)
        small.dims[i] = draw(m, 2) ? 1 : x->shape.dims[i];
    if (!draw(m, 5)) /* arithmetic of constants */
        return oc_mul(m->graph, x, oc_exp(m->graph, oc_graph_scalar(m->graph, OC_F32, 0.125 * draw(m, 5), &err), &err), &err);
    oc_value *other = draw(m, 3) ? alike(m, x) : state(m, &small, OC_INIT_NORMAL);
    return functions[draw(m, 4)](m->graph, x, other, &err);
}

/* Four axes: convolution, normalization, pooling; else a product. */
static oc_value *layer(maker *m, oc_value *x) {
    oc_graph *graph = m->graph;
    const oc_shape *s = &x->shape;
    if (s->rank != 4) {
        bool turned = draw(m, 2);
        oc_shape w = turned ? OC_SHAPE(3 + draw(m, 6), s->dims[s->rank - 1]) : OC_SHAPE(s->dims[s->rank - 1], 3 + draw(m, 6));
        oc_value *weights = state(m, &w, OC_INIT_XAVIER);
        weights = draw(m, 3) ? weights : oc_transpose(graph, weights, NULL, &err);
        bool flipped = weights->kind == OC_VALUE_NODE;
        return oc_matmul(graph, x, weights, &oc_matmul_params(.trans_b = turned != flipped), &err);
    }
    int64_t channels = s->dims[1], out = 2 + draw(m, 7), kernel = 1 + 2 * draw(m, 2);
    oc_shape one = OC_SHAPE(channels);
    switch (draw(m, 4)) {
    case 0:
        return oc_batch_norm(graph, x, state(m, &one, OC_INIT_NORMAL), state(m, &one, OC_INIT_NORMAL), state(m, &one, OC_INIT_NORMAL),
                             state(m, &one, OC_INIT_UNIFORM), NULL, &err);
    case 1:
        return s->dims[3] < 2 ? x : oc_avg_pool2d(graph, x, &oc_pool_params(.kernel = {2, 2}, .pad_begin = {1, 0}, .count_include_pad = true), &err);
    default:
        return oc_conv2d(graph, x, state(m, &OC_SHAPE(out, channels, kernel, kernel), OC_INIT_XAVIER),
                         draw(m, 2) ? state(m, &OC_SHAPE(out), OC_INIT_NORMAL) : NULL,
                         &oc_conv_params(.pad_begin = {kernel / 2, kernel / 2}, .pad_end = {kernel / 2, kernel / 2}), &err);
    }
}

static oc_value *turned(maker *m, oc_value *x) {
    int32_t perm[OC_MAX_RANK] = {0};
    int rank = x->shape.rank;
    for (int i = 0; i < rank; i++)
        perm[i] = i;
    for (int i = rank - 1; i > 0; i--) {
        int k = draw(m, i + 1);
        int32_t kept = perm[i];
        perm[i] = perm[k];
        perm[k] = kept;
    }
    oc_value *y = oc_transpose(m->graph, x, perm, &err);
    int32_t back[OC_MAX_RANK] = {0};
    for (int i = 0; i < rank; i++)
        back[perm[i]] = i;
    if (draw(m, 2))
        return y;
    return oc_transpose(m->graph, draw(m, 2) ? unary(m, y) : y, back, &err);
}

static oc_value *moved(maker *m, oc_value *x) {
    oc_graph *graph = m->graph;
    int rank = x->shape.rank, axis = draw(m, rank);
    oc_value *both[2] = {x, alike(m, x)};
    oc_slice_params part = {.begin = {0}};
    oc_pad_params pad = {.value = 0};
    switch (draw(m, 6)) {
    case 0:
        return x->shape.dims[axis] < 12 ? oc_concat(graph, both, 2, axis, &err) : x;
    case 1:
        part.begin[axis] = x->shape.dims[axis] > 2;
        part.end[axis] = x->shape.dims[axis];
        part.step[axis] = 1 + draw(m, 2);
        return oc_slice(graph, x, &part, &err);
    case 2:
        pad.begin[axis] = 1;
        return x->shape.dims[axis] < 12 ? oc_pad(graph, x, &pad, &err) : x;
    case 3:
        return oc_flatten(graph, x, rank > 2 ? 2 : 1, &err);
    case 4:
        return oc_softmax(graph, x, axis, &err);
    default:
        return rank > 2 ? oc_reduce_mean(graph, x, &oc_reduce_params(.axes = {axis}, .axis_count = 1, .keep_dims = draw(m, 2)), &err) : x;
    }
}

/* The same graph for the same seed; "y" is its output. */
static oc_graph *make(kit *k, uint64_t seed) {
    maker m = {.k = k, .seed = seed};
    KIT_OK(oc_graph_create(&m.graph, k->context, &err), &err);
    m.pool[m.count++] = oc_graph_input(m.graph, "x", OC_F32, &OC_SHAPE(2 + draw(&m, 2), 1 + draw(&m, 5), 4 + draw(&m, 4), 3 + draw(&m, 4)), &err);
    int nodes = 8 + draw(&m, POOL - 12);
    while (m.count < nodes) {
        oc_value *x = draw(&m, 3) ? m.pool[m.count - 1] : any(&m);
        uint64_t before = m.drawn;
        int states = m.states, kind = draw(&m, 7);
        oc_value *(*const kinds[])(maker *, oc_value *) = {unary, unary, binary, layer, layer, turned, moved};
        oc_value *y = kinds[kind](&m, x);
        if (!draw(&m, 6) && m.states == states) { /* once more, the very same, for common subexpressions */
            uint64_t after = m.drawn;
            m.drawn = before;
            (void)draw(&m, 7);
            y = oc_add(m.graph, y, kinds[kind](&m, x), &err);
            m.drawn = after;
        }
        KIT_OK(oc_graph_check(m.graph, &err), &err);
        m.pool[m.count++] = y;
    }
    oc_value *last = m.pool[m.count - 1], *sum = oc_reduce_mean(m.graph, oc_mul(m.graph, last, last, &err), NULL, &err);
    for (int i = 0; i < 2; i++)
        sum = oc_add(m.graph, sum, oc_reduce_mean(m.graph, oc_tanh(m.graph, any(&m), &err), NULL, &err), &err);
    KIT_OK(oc_graph_output(m.graph, "y", last, &err), &err);
    KIT_OK(oc_graph_output(m.graph, "loss", sum, &err), &err);
    return m.graph;
}

/* With the gradients of all states and of a second value from the middle as further outputs. */
static void differentiate(oc_graph *graph) {
    oc_value **gradients = calloc(graph->state_count + 1, sizeof(*gradients));
    char name[32];
    KIT_OK(oc_graph_gradients(graph, oc_graph_find(graph, "loss"), graph->states, graph->state_count, gradients, &err), &err);
    for (size_t i = 0; i < graph->state_count; i++) {
        snprintf(name, sizeof(name), "g%zu", i);
        KIT_OK(oc_graph_output(graph, name, gradients[i], &err), &err);
    }
    free(gradients);
}

/* Inputs and states in double precision, by name; states are the device's. */
static void fill(kit *k, oc_state *states, const oc_graph *graph, double **values) {
    for (size_t i = 0; i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        int64_t count = oc_shape_count(&value->shape);
        if (value->kind != OC_VALUE_INPUT && value->kind != OC_VALUE_STATE)
            continue;
        values[i] = calloc((size_t)count + 1, sizeof(double));
        oc_tensor *tensor;
        KIT_OK(oc_tensor_create(&tensor, k->context, NULL, OC_F32, &value->shape, &err), &err);
        float *elements = oc_tensor_get_data(tensor);
        for (int64_t e = 0; e < count && value->kind == OC_VALUE_INPUT; e++)
            elements[e] = oc__random_normal(5, 0, (uint64_t)e);
        if (value->kind == OC_VALUE_STATE)
            KIT_OK(oc_state_read(states, value->name, tensor, &err), &err);
        for (int64_t e = 0; e < count; e++)
            values[i][e] = elements[e];
        oc_tensor_destroy(&tensor);
    }
}

/* All outputs, one behind another; offsets of each in starts, the end behind the last. */
static double *interpret(kit *k, oc_state *states, const oc_graph *graph, size_t *starts) {
    double **values = calloc(graph->value_count + 1, sizeof(*values)), *all;
    fill(k, states, graph, values);
    KIT_OK(oc__graph_interpret(graph, values, &err), &err);
    starts[0] = 0;
    for (size_t i = 0; i < graph->output_count; i++)
        starts[i + 1] = starts[i] + (size_t)oc_shape_count(&graph->outputs[i].value->shape);
    all = malloc(sizeof(double) * (starts[graph->output_count] + 1));
    for (size_t i = 0; i < graph->output_count; i++)
        memcpy(all + starts[i], values[graph->outputs[i].value->id], sizeof(double) * (starts[i + 1] - starts[i]));
    for (size_t i = 0; i < graph->value_count; i++)
        if (graph->values[i]->kind == OC_VALUE_INPUT || graph->values[i]->kind == OC_VALUE_STATE)
            free(values[i]);
    for (size_t i = 0; i < graph->value_count; i++)
        if (graph->values[i]->kind == OC_VALUE_INPUT || graph->values[i]->kind == OC_VALUE_STATE)
            values[i] = NULL;
    oc__graph_interpret_finish(graph, values);
    free(values);
    return all;
}

static void compare(uint64_t seed, const char *what, const oc_graph *graph, const double *want, const double *got, const size_t *starts,
                    double limit) {
    double largest = 0;
    for (size_t i = 2; i < graph->output_count; i++) {
        double norm = 0;
        for (size_t e = starts[i]; e < starts[i + 1]; e++)
            norm += want[e] * want[e];
        largest = fmax(largest, sqrt(norm));
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        double difference = 0, norm = 0;
        for (size_t e = starts[i]; e < starts[i + 1]; e++) {
            difference += (got[e] - want[e]) * (got[e] - want[e]);
            norm += want[e] * want[e];
        }
        double floor = i >= 2 ? 1e-2 * largest : 1e-12;
        if (!(sqrt(difference) <= limit * (sqrt(norm) + floor)))
            fail_msg("seed %llu, %s: output %s differs by %g, its norm is %g", (unsigned long long)seed, what, graph->outputs[i].name,
                     sqrt(difference), sqrt(norm));
    }
}

typedef oc_status (*pass)(oc_graph *graph, oc_error *err);

static const struct {
    const char *name;
    pass run;
} passes[] = {{"dead", oc__pass_dead},           {"fold", oc__pass_fold},     {"transpose", oc__pass_transpose},
              {"simplify", oc__pass_simplify}, {"common", oc__pass_common}, {"norm", oc__pass_norm},
              {"fuse", oc__pass_fuse}};

/* Ids are positions, and operands come before their uses. */
static void check_order(uint64_t seed, const char *what, const oc_graph *graph) {
    for (size_t i = 0; i < graph->node_count; i++) {
        if ((size_t)graph->nodes[i]->id != i)
            fail_msg("seed %llu, %s: node %zu says it is %d", (unsigned long long)seed, what, i, graph->nodes[i]->id);
        for (int n = 0; n < graph->nodes[i]->in_count; n++) {
            const oc_value *in = graph->nodes[i]->in[n];
            if (in && in->kind == OC_VALUE_NODE && in->producer->id >= (int)i)
                fail_msg("seed %llu, %s: node %zu is before its operand", (unsigned long long)seed, what, i);
        }
    }
}

/* Which ops there are, and how often. */
static uint64_t signature(const oc_graph *graph) {
    uint64_t sum = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        sum += (uint64_t)(uintptr_t)graph->nodes[i]->op * 2654435761u + (uint64_t)graph->nodes[i]->post.count;
    return sum;
}

static void check_passes(kit *k, oc_state *states, uint64_t seed, const oc_graph *original, const double *want, const size_t *starts,
                         size_t *changed) {
    oc_graph *all = NULL;
    KIT_OK(oc__graph_copy(&all, original, &(oc__copy_params){.bind = true}, &err), &err);
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        oc_graph *alone = NULL;
        KIT_OK(oc__graph_copy(&alone, original, &(oc__copy_params){.bind = true}, &err), &err);
        oc_graph *both[2] = {alone, all};
        for (int n = 0; n < 2; n++) {
            size_t own[POOL * 4];
            if (i == 0) /* something nobody wants */
                (void)oc_exp(both[n], oc_neg(both[n], both[n]->inputs[0], &err), &err);
            uint64_t before = signature(both[n]);
            KIT_OK(passes[i].run(both[n], &err), &err);
            check_order(seed, passes[i].name, both[n]);
            changed[i] += signature(both[n]) != before;
            double *got = interpret(k, states, both[n], own);
            bool rounded = passes[i].run == oc__pass_fold || (n == 1 && i > 0); /* what is folded becomes a constant of f32 */
            compare(seed, passes[i].name, both[n], want, got, starts, rounded ? 1e-6 : 1e-9);
            free(got);
        }
        oc_graph_destroy(&alone);
    }
    oc_graph_destroy(&all);
}

static void check_device(kit *k, oc_state *states, uint64_t seed, const oc_graph *graph, const double *want, const size_t *starts) {
    oc_plan *plan;
    oc_exec *exec;
    oc_tensor *x;
    oc_binding *out = calloc(graph->output_count + 1, sizeof(*out));
    double *got = malloc(sizeof(double) * (starts[graph->output_count] + 1));
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, NULL, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, states, &err), &err);
    KIT_OK(oc_tensor_create(&x, k->context, NULL, OC_F32, &graph->inputs[0]->shape, &err), &err);
    for (int64_t e = 0; e < oc_tensor_get_count(x); e++)
        ((float *)oc_tensor_get_data(x))[e] = oc__random_normal(5, 0, (uint64_t)e);
    for (size_t i = 0; i < graph->output_count; i++) {
        out[i].name = graph->outputs[i].name;
        KIT_OK(oc_tensor_create(&out[i].tensor, k->context, NULL, OC_F32, &graph->outputs[i].value->shape, &err), &err);
    }
    KIT_OK(oc_exec_run(exec, &(oc_binding){"x", x}, 1, out, graph->output_count, &err), &err);
    for (size_t i = 0; i < graph->output_count; i++)
        for (size_t e = starts[i]; e < starts[i + 1]; e++)
            got[e] = ((const float *)oc_tensor_get_data(out[i].tensor))[e - starts[i]];
    compare(seed, "on the device", graph, want, got, starts, 2e-3);
    for (size_t i = 0; i < graph->output_count; i++)
        oc_tensor_destroy(&out[i].tensor);
    oc_tensor_destroy(&x);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    free(out);
    free(got);
}

static void check_seed(kit *k, uint64_t seed, bool device, size_t *changed) {
    size_t starts[POOL * 4];
    oc_state *states;
    oc_graph *graph = make(k, seed);
    if (seed % 3 != 1) /* without gradients, more can be rewritten */
        differentiate(graph);
    assert_true(graph->output_count < POOL * 4 - 1);
    KIT_OK(oc_state_create(&states, k->device, graph, seed, &err), &err);
    double *want = interpret(k, states, graph, starts);
    check_passes(k, states, seed, graph, want, starts, changed);
    if (device)
        check_device(k, states, seed, graph, want, starts);
    free(want);
    oc_state_destroy(&states);
    oc_graph_destroy(&graph);
}

static void test_random(void **unused) {
    (void)unused;
    const char *text = getenv("OCELLI_TEST_GRAPHS");
    uint64_t most = text ? (uint64_t)atoi(text) : 300, seed = 0;
    size_t changed[sizeof(passes) / sizeof(passes[0])] = {0};
    double begin = oc__clock_seconds();
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (; seed < most && (text || oc__clock_seconds() - begin < SECONDS); seed++)
        check_seed(&k, seed, seed % 4 == 0, changed);
    print_message("%llu graphs;", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        print_message(" %s changed %zu;", passes[i].name, changed[i]);
        assert_true(changed[i] > 0 || seed < 30);
    }
    print_message("\n");
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
