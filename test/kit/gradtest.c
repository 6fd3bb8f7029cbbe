/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients against central differences, in double precision. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

#include "graph/graph.h"
#include "kit/optest.h"

static oc_error err;

/* The graph with sizes bound, and the elements of its inputs. */
typedef struct trial {
    const optest_gradient *g;
    oc_graph *graph;
    double **values;
    bool twice;
} trial;

static char *name_of(char buffer[16], char letter, int i) {
    snprintf(buffer, 16, "%c%d", letter, i);
    return buffer;
}

/* The sum of v * v + v: each element arrives with another weight. */
static oc_value *sum_of(oc_graph *graph, oc_value *v) {
    return oc_reduce_sum(graph, oc_add(graph, oc_mul(graph, v, v, &err), v, &err), NULL, &err);
}

static oc_graph *build(oc_context *context, const optest_gradient *g, bool twice) {
    oc_graph *graph;
    oc_value *x[6], *wanted[6], *gradients[6];
    char name[16];
    int wanted_count = 0;
    KIT_OK(oc_graph_create(&graph, context, &err), &err);
    for (int i = 0; i < g->count; i++) {
        oc_shape shape = g->shapes[i];
        for (int k = 0; k < shape.rank; k++)
            if (shape.dims[k] == OPTEST_N)
                shape.dims[k] = oc_graph_symbol(graph, "N");
        x[i] = oc_graph_input(graph, name_of(name, 'x', i), g->classes >> i & 1 ? OC_I64 : OC_F32, &shape, &err);
        if (!(g->constant >> i & 1))
            wanted[wanted_count++] = x[i];
    }
    oc_value *loss = sum_of(graph, g->build(graph, x, &err));
    KIT_OK(oc_graph_check(graph, &err), &err);
    KIT_OK(oc_graph_gradients(graph, loss, wanted, (size_t)wanted_count, gradients, &err), &err);
    if (twice) {
        loss = sum_of(graph, gradients[0]);
        KIT_OK(oc_graph_gradients(graph, loss, wanted, (size_t)wanted_count, gradients, &err), &err);
    }
    KIT_OK(oc_graph_output(graph, "loss", loss, &err), &err);
    for (int i = 0, k = 0; i < g->count; i++)
        if (!(g->constant >> i & 1))
            KIT_OK(oc_graph_output(graph, name_of(name, 'g', i), gradients[k++], &err), &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    return graph;
}

static void start(trial *t, kit *k, const optest_gradient *g, bool twice) {
    oc_graph *symbolic = build(k->context, g, twice);
    oc_dim_binding n = {"N", OPTEST_N_SIZE};
    *t = (trial){.g = g, .twice = twice};
    KIT_OK(oc__graph_copy(&t->graph, symbolic, &(oc__copy_params){.bind = true, .dims = &n, .dim_count = 1}, &err), &err);
    oc_graph_destroy(&symbolic);
    t->values = oc__alloc_array(k->context, t->graph->value_count, sizeof(*t->values));
    for (size_t i = 0; i < t->graph->input_count; i++) {
        const oc_value *x = t->graph->inputs[i];
        int64_t count = oc_shape_count(&x->shape);
        double *elements = oc__alloc_array(k->context, (size_t)OC_MAX(count, 1), sizeof(double));
        for (int64_t e = 0; e < count; e++) {
            double u = oc__random_uniform(23, i, (uint64_t)e);
            elements[e] = x->dtype == OC_I64 ? floor(3 * u) : g->flags & OPTEST_POSITIVE ? 0.3 + 1.5 * u : 3 * u - 1.5;
        }
        t->values[x->id] = elements;
    }
}

static double loss_of(trial *t) {
    KIT_OK(oc__graph_interpret(t->graph, t->values, &err), &err);
    double loss = t->values[oc_graph_find(t->graph, "loss")->id][0];
    oc__graph_interpret_finish(t->graph, t->values);
    return loss;
}

static void check_input(trial *t, int i, const double *gradient) {
    char name[16];
    const oc_value *x = oc_graph_find(t->graph, name_of(name, 'x', i));
    double *elements = t->values[x->id], mean = 0;
    int64_t count = oc_shape_count(&x->shape);
    for (int64_t e = 0; e < count; e++)
        mean += fabs(gradient[e]) / (double)count;
    for (int64_t e = 0; e < count; e++) {
        double h = 2e-5, kept = elements[e];
        elements[e] = kept + h;
        double above = loss_of(t);
        elements[e] = kept - h;
        double below = loss_of(t);
        elements[e] = kept;
        double want = (above - below) / (2 * h);
        if (!(fabs(gradient[e] - want) <= 1e-6 * (fabs(want) + mean + 1e-2)))
            fail_msg("%s%s: gradient of input %d: element %lld is %.9g and should be %.9g", t->g->name, t->twice ? ", twice" : "", i, (long long)e,
                     gradient[e], want);
    }
}

static void check(kit *k, const optest_gradient *g, bool twice) {
    trial t;
    char name[16];
    start(&t, k, g, twice);
    KIT_OK(oc__graph_interpret(t.graph, t.values, &err), &err);
    double *gradients[6] = {0};
    for (int i = 0; i < g->count; i++) {
        const oc_value *value = oc_graph_find(t.graph, name_of(name, 'g', i));
        if (!value)
            continue;
        int64_t count = oc_shape_count(&value->shape);
        gradients[i] = oc__alloc_array(k->context, (size_t)OC_MAX(count, 1), sizeof(double));
        memcpy(gradients[i], t.values[value->id], sizeof(double) * (size_t)count);
    }
    oc__graph_interpret_finish(t.graph, t.values);
    for (int i = 0; i < g->count; i++) {
        if (gradients[i])
            check_input(&t, i, gradients[i]);
        oc__free(k->context, gradients[i]);
    }
    for (size_t i = 0; i < t.graph->input_count; i++)
        oc__free(k->context, t.values[t.graph->inputs[i]->id]);
    oc__free(k->context, t.values);
    oc_graph_destroy(&t.graph);
}

void optest_gradients(const optest_gradient *cases, size_t count) {
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < count; i++) {
        check(&k, &cases[i], false);
        if (cases[i].twice)
            check(&k, &cases[i], true);
    }
    kit_finish(&k);
}
