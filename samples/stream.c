/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of pictures over all devices given (two by default): stages on each, several pictures in flight. For an honest pair of
 * devices on one machine: POCL_DEVICES="basic basic" sample-stream 0:0,0:1 */
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MOST 8
#define PICTURES 200

static oc_error err;

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Pictures a second: as many execs as there are devices, plus one, take turns. */
static double stream(const oc_graph *graph, oc_device *const *devices, size_t count, const char *policy, float *sum) {
    static float images[MOST + 1][3 * 32 * 32], classes[MOST + 1][10];
    oc_plan *plan;
    oc_exec *execs[MOST + 1];
    oc_binding in[MOST + 1], out[MOST + 1];
    size_t flying = count + 1;
    check(oc_plan_create(&plan, graph, devices, count, &(oc_plan_params){.policy = policy, .default_dim = 1}, &err));
    for (size_t i = 0; i < flying; i++) {
        check(oc_exec_create(&execs[i], plan, NULL, &err));
        in[i].name = "x";
        out[i].name = "y";
        check(oc_tensor_wrap(&in[i].tensor, oc_device_get_context(devices[0]), OC_F32, &OC_SHAPE(1, 3, 32, 32), images[i], &err));
        check(oc_tensor_wrap(&out[i].tensor, oc_device_get_context(devices[0]), OC_F32, &OC_SHAPE(1, 10), classes[i], &err));
    }
    *sum = 0;
    double start = now();
    for (size_t picture = 0; picture < PICTURES + flying; picture++) {
        size_t i = picture % flying;
        check(oc_exec_wait(execs[i], &err)); /* the answer from `flying` pictures ago */
        for (int k = 0; picture >= flying && k < 10; k++)
            *sum += classes[i][k] * (float)(k + 1);
        if (picture >= PICTURES)
            continue;
        for (int k = 0; k < 3 * 32 * 32; k++)
            images[i][k] = (float)((picture * 31 + (size_t)k * 7) % 255) / 255;
        check(oc_exec_enqueue(execs[i], &in[i], 1, &out[i], 1, NULL, 0, NULL, &err));
    }
    double seconds = now() - start;
    for (size_t i = 0; i < flying; i++) {
        oc_exec_destroy(&execs[i]);
        oc_tensor_destroy(&in[i].tensor);
        oc_tensor_destroy(&out[i].tensor);
    }
    oc_plan_destroy(&plan);
    return PICTURES / seconds;
}

int main(int argc, char **argv) {
    oc_context *context;
    oc_device *devices[MOST];
    oc_graph *graph;
    size_t count;
    float one_sum, all_sum;
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create_list(devices, MOST, &count, context, argc > 1 ? argv[1] : "auto", &err));
    check(oc_graph_create(&graph, context, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 3, 32, 32), &err);
    static const int64_t channels[] = {3, 64, 64, 96, 96, 128, 128};
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof(name), "conv%d", i);
        oc_value *w = oc_graph_state(graph, name, OC_F32, &OC_SHAPE(channels[i + 1], channels[i], 3, 3), &(oc_init){.kind = OC_INIT_HE}, &err);
        x = oc_relu(graph, oc_conv2d(graph, x, w, NULL, &oc_conv_params(.pad_begin = {1, 1}, .pad_end = {1, 1}), &err), &err);
    }
    oc_value *w = oc_graph_state(graph, "fc", OC_F32, &OC_SHAPE(128, 10), &(oc_init){.kind = OC_INIT_HE}, &err);
    x = oc_flatten(graph, oc_global_avg_pool(graph, x, &err), 1, &err);
    check(oc_graph_output(graph, "y", oc_softmax(graph, oc_matmul(graph, x, w, NULL, &err), 1, &err), &err));
    double one = stream(graph, devices, 1, NULL, &one_sum), all = stream(graph, devices, count, "pipeline", &all_sum);
    printf("one device %.0f pictures/s, %zu devices %.0f: %.2f times as many\n", one, count, all, all / one);
    int wrong = !(all_sum - one_sum < 1e-2f && one_sum - all_sum < 1e-2f);
    oc_graph_destroy(&graph);
    for (size_t i = 0; i < count; i++)
        oc_device_destroy(&devices[i]);
    oc_context_destroy(&context);
    return wrong;
}
