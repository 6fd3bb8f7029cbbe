/* SPDX-License-Identifier: Apache-2.0 */
/* Twenty steps of each optimizer against PyTorch's formulas in double precision, written down a second time. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <string.h>

#include "kit/kit.h"

#define SIZE 37 /* of the two parameters together: 32 and 5 */
#define FIRST 32
#define STEPS 20

static const double target = 0.3;

/* The loss is the sum of c (p - target)^2 / 2 with these c. */
static double curvature(int i) {
    return 0.5 + 0.125 * (i % 9);
}

static double first_value(int i) {
    return 0.25 * (i % 11 - 5);
}

typedef struct reference {
    double p[SIZE], m[SIZE], v[SIZE];
} reference;

static void gradients(const oc_optimizer *o, const reference *r, double *g) {
    double norm = 0;
    for (int i = 0; i < SIZE; i++) {
        g[i] = curvature(i) * (r->p[i] - target);
        if (o->clip_value > 0)
            g[i] = fmin(fmax(g[i], -o->clip_value), o->clip_value);
        norm += g[i] * g[i];
    }
    norm = sqrt(norm);
    for (int i = 0; i < SIZE && o->clip_norm > 0; i++)
        g[i] *= fmin(1, o->clip_norm / (norm + 1e-6));
}

static void step_element(const oc_optimizer *o, int64_t t, double g, double *p, double *m, double *v) {
    double b1 = o->beta1 != 0 ? o->beta1 : 0.9, b2 = o->beta2 != 0 ? o->beta2 : o->kind == OC_RMSPROP ? 0.99 : 0.999;
    double epsilon = o->epsilon != 0 ? o->epsilon : o->kind == OC_ADAGRAD ? 1e-10 : 1e-8;
    g += o->l1 * (*p > 0 ? 1 : *p < 0 ? -1 : 0);
    if (o->kind == OC_ADAMW)
        *p -= o->lr * o->weight_decay * *p;
    else
        g += o->weight_decay * *p;
    switch (o->kind) {
    case OC_SGD:
        *m = t == 1 ? g : o->momentum * *m + g; /* PyTorch's first buffer is the gradient */
        *p -= o->lr * (o->nesterov ? g + o->momentum * *m : *m);
        break;
    case OC_ADAGRAD:
        *m += g * g;
        *p -= o->lr / (1 + (double)(t - 1) * o->lr_decay) * g / (sqrt(*m) + epsilon);
        break;
    case OC_RMSPROP:
        *v = b2 * *v + (1 - b2) * g * g;
        *m = o->momentum * *m + g / (sqrt(*v) + epsilon);
        *p -= o->lr * *m;
        break;
    default:
        *m += (1 - b1) * (g - *m);
        *v = b2 * *v + (1 - b2) * g * g;
        *p -= o->lr / (1 - pow(b1, (double)t)) * *m / (sqrt(*v) / sqrt(1 - pow(b2, (double)t)) + epsilon);
    }
}

static oc_value *parameter(kit *k, oc_graph *graph, const char *name, int from, int count, oc_value **loss) {
    oc_error err = {0};
    float values[SIZE], curvatures[SIZE];
    oc_tensor *first, *c;
    for (int i = 0; i < count; i++) {
        values[i] = (float)first_value(from + i);
        curvatures[i] = (float)curvature(from + i) / 2;
    }
    KIT_OK(oc_tensor_wrap(&first, k->context, OC_F32, &OC_SHAPE(count), values, &err), &err);
    KIT_OK(oc_tensor_wrap(&c, k->context, OC_F32, &OC_SHAPE(count), curvatures, &err), &err);
    oc_value *p = oc_graph_state_tensor(graph, name, first, false, &err);
    oc_value *d = oc_sub(graph, p, oc_graph_scalar(graph, OC_F32, target, &err), &err);
    d = oc_mul(graph, oc_mul(graph, d, d, &err), oc_graph_constant(graph, NULL, c, &err), &err);
    oc_value *sum = oc_reduce_sum(graph, d, NULL, &err);
    *loss = *loss ? oc_add(graph, *loss, sum, &err) : sum;
    oc_tensor_destroy(&first);
    oc_tensor_destroy(&c);
    return p;
}

static void follow(kit *k, const char *name, oc_optimizer o, double scale) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_value *loss = NULL;
    oc_plan *plan;
    oc_exec *exec;
    oc_tensor *hyper, *a, *b;
    float numbers[OC_HYPER_COUNT], got[SIZE];
    reference r = {{0}};
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    parameter(k, graph, "a", 0, FIRST, &loss);
    parameter(k, graph, "b", FIRST, SIZE - FIRST, &loss);
    if (scale != 1)
        loss = oc_mul(graph, loss, oc_graph_scalar(graph, OC_F32, scale, &err), &err);
    KIT_OK(oc_minimize(graph, loss, &o, NULL, &err), &err);
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, NULL, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_tensor_wrap(&hyper, k->context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), numbers, &err), &err);
    for (int i = 0; i < SIZE; i++)
        r.p[i] = (float)first_value(i);
    for (int t = 1; t <= STEPS; t++) {
        double g[SIZE];
        oc_optimizer_hyper(&o, t, numbers);
        numbers[7] = (float)scale;
        const oc_binding in = {OC_HYPER_NAME, hyper};
        KIT_OK(oc_exec_run(exec, &in, 1, NULL, 0, &err), &err);
        gradients(&o, &r, g);
        for (int i = 0; i < SIZE; i++)
            step_element(&o, t, g[i], &r.p[i], &r.m[i], &r.v[i]);
    }
    KIT_OK(oc_tensor_wrap(&a, k->context, OC_F32, &OC_SHAPE(FIRST), got, &err), &err);
    KIT_OK(oc_tensor_wrap(&b, k->context, OC_F32, &OC_SHAPE(SIZE - FIRST), got + FIRST, &err), &err);
    KIT_OK(oc_state_read(oc_exec_get_state(exec), "a", a, &err), &err);
    KIT_OK(oc_state_read(oc_exec_get_state(exec), "b", b, &err), &err);
    double worst = 0, moved = 0;
    for (int i = 0; i < SIZE; i++) {
        worst = fmax(worst, fabs(got[i] - r.p[i]));
        moved = fmax(moved, fabs(r.p[i] - first_value(i)));
    }
    print_message("%-28s %.1e of %.2f\n", name, worst, moved);
    if (!(worst <= 2e-5 * moved) || moved < 0.01)
        fail_msg("%s: parameters differ by %g, having moved by %g", name, worst, moved);
    oc_tensor_destroy(&a);
    oc_tensor_destroy(&b);
    oc_tensor_destroy(&hyper);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
}

static void test_optimizers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        oc_optimizer optimizer;
        double scale;
    } cases[] = {
        {"sgd", {.lr = 0.1f}, 1},
        {"sgd momentum", {.lr = 0.05f, .momentum = 0.9f}, 1},
        {"sgd nesterov decay", {.lr = 0.05f, .momentum = 0.9f, .nesterov = true, .weight_decay = 0.01f}, 1},
        {"sgd l1", {.lr = 0.05f, .l1 = 0.05f}, 1},
        {"sgd clip value", {.lr = 0.1f, .clip_value = 0.25f}, 1},
        {"sgd clip norm", {.lr = 0.1f, .momentum = 0.5f, .clip_norm = 1}, 1},
        {"sgd clip both, scale", {.lr = 0.1f, .clip_norm = 0.5f, .clip_value = 0.25f}, 64},
        {"sgd scale, clip norm", {.lr = 0.1f, .clip_norm = 0.5f}, 64},
        {"adam", {.kind = OC_ADAM, .lr = 0.02f}, 1},
        {"adam l1 l2", {.kind = OC_ADAM, .lr = 0.02f, .beta1 = 0.8f, .beta2 = 0.95f, .weight_decay = 0.1f, .l1 = 0.1f}, 1},
        {"adam clip norm, scale", {.kind = OC_ADAM, .lr = 0.02f, .clip_norm = 0.1f}, 128},
        {"adamw", {.kind = OC_ADAMW, .lr = 0.02f, .weight_decay = 0.3f}, 1},
        {"adamw l1", {.kind = OC_ADAMW, .lr = 0.02f, .weight_decay = 0.3f, .l1 = 0.1f, .epsilon = 1e-3f}, 1},
        {"adagrad", {.kind = OC_ADAGRAD, .lr = 0.1f}, 1},
        {"adagrad decays", {.kind = OC_ADAGRAD, .lr = 0.1f, .lr_decay = 0.1f, .weight_decay = 0.05f, .l1 = 0.05f}, 1},
        {"rmsprop", {.kind = OC_RMSPROP, .lr = 0.01f}, 1},
        {"rmsprop l1", {.kind = OC_RMSPROP, .lr = 0.002f, .l1 = 0.05f}, 1},
        {"rmsprop momentum", {.kind = OC_RMSPROP, .lr = 0.01f, .momentum = 0.5f, .beta2 = 0.9f, .weight_decay = 0.05f}, 1},
    };
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        follow(&k, cases[i].name, cases[i].optimizer, cases[i].scale);
    kit_finish(&k);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_value *loss = NULL;
    kit_init(&k, NULL);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    parameter(&k, graph, "a", 0, FIRST, &loss);
    KIT_FAILS(OC_ERROR_INVALID, "9 is no kind", oc_minimize(graph, loss, &(oc_optimizer){.kind = 9}, NULL, &err), &err);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_optimizers), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
