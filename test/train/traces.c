/* SPDX-License-Identifier: Apache-2.0 */
/* Training LeNet-5 step by step as PyTorch did in float64: logits, losses, gradients, weights. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/npz.h"

static const char *const layers[][2] = {{"conv1", "c1"}, {"conv2", "c2"}, {"fc1", "f1"}, {"fc2", "f2"}, {"fc3", "f3"}};

static bool find_trace(const char *optimizer, char *path, size_t size) {
    const char *data = getenv("OCELLI_DATA");
    snprintf(path, size, "%s/training/lenet_%s_f64.npz", data ? data : "../shared/data", optimizer);
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file != NULL;
}

static npz_array need(const char *path, const char *name) {
    npz_array array;
    if (!npz_read(path, name, &array))
        fail_msg("%s has no %s", path, name);
    return array;
}

static oc_tensor *tensor_of(kit *k, const npz_array *array, oc_dtype dtype) {
    oc_error err = {0};
    oc_tensor *tensor = NULL;
    oc_shape shape = {array->rank, {0}};
    memcpy(shape.dims, array->dims, sizeof(int64_t) * (size_t)array->rank);
    KIT_OK(oc_tensor_create(&tensor, k->context, NULL, dtype, &shape, &err), &err);
    for (int64_t i = 0; i < array->count; i++) {
        if (dtype == OC_F32)
            ((float *)oc_tensor_get_data(tensor))[i] = (float)array->values[i];
        else
            ((int64_t *)oc_tensor_get_data(tensor))[i] = (int64_t)array->values[i];
    }
    return tensor;
}

/* Norm of the difference over norm. */
static void compare(const char *what, const float *got, const npz_array *want, double limit) {
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < want->count; i++) {
        difference += (got[i] - want->values[i]) * (got[i] - want->values[i]);
        norm += want->values[i] * want->values[i];
    }
    double share = sqrt(difference) / sqrt(norm);
    if (getenv("OCELLI_TEST_PRINT"))
        printf("%-24s %.2e\n", what, share);
    if (!(share <= limit))
        fail_msg("%s differs by %g of its norm; %g is allowed", what, share, limit);
}

static void for_parameters(kit *k, oc_trainer *trainer, const char *path, const char *group,
                           void (*visit)(kit *, oc_trainer *, const char *, const npz_array *, double), double limit) {
    static const char *const parts[] = {"weight", "bias"};
    for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
        for (int part = 0; part < 2; part++) {
            char ours[64], theirs[64];
            snprintf(ours, sizeof(ours), "%s.%s", layers[i][0], parts[part]);
            snprintf(theirs, sizeof(theirs), "%s/%s.%s", group, layers[i][1], parts[part]);
            npz_array array = need(path, theirs);
            visit(k, trainer, ours, &array, limit);
            free(array.values);
        }
    }
}

static void set_parameter(kit *k, oc_trainer *trainer, const char *name, const npz_array *array, double limit) {
    (void)limit;
    oc_error err = {0};
    oc_tensor *tensor = tensor_of(k, array, OC_F32);
    KIT_OK(oc_state_write(oc_trainer_get_state(trainer), name, tensor, &err), &err);
    oc_tensor_destroy(&tensor);
}

static void check_gradient(kit *k, oc_trainer *trainer, const char *name, const npz_array *array, double limit) {
    oc_error err = {0};
    oc_tensor *tensor = tensor_of(k, array, OC_F32);
    KIT_OK(oc_trainer_read_gradient(trainer, name, tensor, &err), &err);
    compare(name, oc_tensor_get_data(tensor), array, limit);
    oc_tensor_destroy(&tensor);
}

static void check_parameter(kit *k, oc_trainer *trainer, const char *name, const npz_array *array, double limit) {
    oc_error err = {0};
    oc_tensor *tensor = tensor_of(k, array, OC_F32);
    KIT_OK(oc_state_read(oc_trainer_get_state(trainer), name, tensor, &err), &err);
    compare(name, oc_tensor_get_data(tensor), array, limit);
    oc_tensor_destroy(&tensor);
}

static void run_steps(kit *k, oc_trainer *trainer, const char *path) {
    oc_error err = {0};
    for (int step = 0; step < 3; step++) {
        char name[32];
        snprintf(name, sizeof(name), "step%d/x", step);
        npz_array x = need(path, name);
        name[6] = 'y';
        npz_array y = need(path, name);
        snprintf(name, sizeof(name), "step%d/loss", step);
        npz_array loss = need(path, name);
        oc_tensor *image = tensor_of(k, &x, OC_F32), *label = tensor_of(k, &y, OC_I64);
        double got = 0;
        KIT_OK(oc_trainer_step(trainer, image, label, &got, &err), &err);
        float single = (float)got;
        compare(name, &single, &loss, 1e-4);
        if (step == 0)
            for_parameters(k, trainer, path, "step0/grad", check_gradient, 1e-4);
        oc_tensor_destroy(&image);
        oc_tensor_destroy(&label);
        free(x.values);
        free(y.values);
        free(loss.values);
    }
}

static void follow(const char *name, oc_optimizer optimizer) {
    char path[512];
    if (!find_trace(name, path, sizeof(path))) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    kit k;
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_trainer *trainer = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), &err);
    KIT_OK(oc_graph_output(graph, "logits", oc_net_lenet5(graph, x, &err), &err), &err);
    oc_trainer_params params = {.optimizer = optimizer, .batch = 16};
    KIT_OK(oc_trainer_create(&trainer, k.device, graph, &params, &err), &err);
    for_parameters(&k, trainer, path, "init", set_parameter, 0);
    run_steps(&k, trainer, path);
    for_parameters(&k, trainer, path, "final", check_parameter, 5e-4);
    oc_trainer_destroy(&trainer);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void test_sgd(void **state) {
    (void)state;
    follow("sgd", (oc_optimizer){.kind = OC_SGD, .lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f});
}

static void test_adam(void **state) {
    (void)state;
    follow("adam", (oc_optimizer){.kind = OC_ADAM, .lr = 1e-3f});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sgd), cmocka_unit_test(test_adam)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
