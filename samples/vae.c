/* SPDX-License-Identifier: Apache-2.0 */
/* A variational autoencoder (Kingma and Welling 2013) learns pictures of one bar, then draws new ones: a loss of one's own, random nodes,
 * and two graphs that share one state. */
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE 8
#define PIXELS (SIDE * SIDE)
#define SAMPLES (2 * SIDE) /* a bar in each row, and in each column */
#define HIDDEN 48
#define CODE 4
#define STEPS 1500
#define DRAWN 6

static oc_error err;

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static oc_value *layer(oc_graph *graph, oc_value *x, const char *name, int64_t from, int64_t to) {
    char text[32];
    snprintf(text, sizeof(text), "%s.weight", name);
    oc_value *weights = oc_graph_state(graph, text, OC_F32, &OC_SHAPE(from, to), &oc_init_params(OC_INIT_XAVIER), &err);
    snprintf(text, sizeof(text), "%s.bias", name);
    return oc_linear(graph, x, weights, oc_graph_state(graph, text, OC_F32, &OC_SHAPE(to), NULL, &err), NULL, &err);
}

static oc_value *decode(oc_graph *graph, oc_value *code) {
    return layer(graph, oc_tanh(graph, layer(graph, code, "decode", CODE, HIDDEN), &err), "draw", HIDDEN, PIXELS);
}

/* The evidence lower bound's negative, in nats a picture. */
static oc_graph *make_training(oc_context *context, const oc_optimizer *optimizer) {
    oc_graph *graph;
    check(oc_graph_create(&graph, context, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(SAMPLES, PIXELS), &err);
    oc_value *hidden = oc_tanh(graph, layer(graph, x, "encode", PIXELS, HIDDEN), &err);
    oc_value *mean = layer(graph, hidden, "mean", HIDDEN, CODE), *log_variance = layer(graph, hidden, "variance", HIDDEN, CODE);
    oc_value *code = oc_sample_gaussian(graph, mean, log_variance, oc_graph_random_counter(graph, &err), 0, &err);
    oc_value *drawn = oc_binary_cross_entropy_logits(graph, decode(graph, code), x, &err); /* a mean over all pixels */
    drawn = oc_mul(graph, drawn, oc_graph_scalar(graph, OC_F32, PIXELS, &err), &err);
    oc_value *prior = oc_kl_gaussian(graph, mean, log_variance, &err);
    prior = oc_mul(graph, prior, oc_graph_scalar(graph, OC_F32, 1.0 / SAMPLES, &err), &err);
    oc_value *loss = oc_add(graph, drawn, prior, &err);
    check(oc_graph_output(graph, "loss", loss, &err));
    check(oc_minimize(graph, loss, optimizer, NULL, &err));
    return graph;
}

/* The second half alone; its states have the names that the training gave them. */
static oc_graph *make_drawing(oc_context *context) {
    oc_graph *graph;
    check(oc_graph_create(&graph, context, &err));
    oc_value *code = oc_graph_input(graph, "code", OC_F32, &OC_SHAPE(DRAWN, CODE), &err);
    check(oc_graph_output(graph, "pictures", oc_sigmoid(graph, decode(graph, code), &err), &err));
    return graph;
}

static float train(oc_device *device, oc_context *context, const oc_graph *graph, oc_state *state, const oc_optimizer *optimizer) {
    float x[SAMPLES * PIXELS], hyper[OC_HYPER_COUNT], loss = 0, first = 0;
    oc_plan *plan;
    oc_exec *exec;
    oc_binding in[] = {{"x", NULL}, {OC_HYPER_NAME, NULL}}, out = {"loss", NULL};
    for (int i = 0; i < SAMPLES * PIXELS; i++) {
        int sample = i / PIXELS, row = i % PIXELS / SIDE, column = i % SIDE;
        x[i] = (sample < SIDE ? row == sample : column == sample - SIDE) ? 1.0f : 0.0f;
    }
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_exec_create(&exec, plan, state, &err));
    check(oc_tensor_wrap(&in[0].tensor, context, OC_F32, &OC_SHAPE(SAMPLES, PIXELS), x, &err));
    check(oc_tensor_wrap(&in[1].tensor, context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), hyper, &err));
    check(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SCALAR, &loss, &err));
    for (int64_t step = 1; step <= STEPS; step++) {
        oc_optimizer_hyper(optimizer, step, hyper);
        check(oc_exec_run(exec, in, 2, &out, 1, &err));
        first = step == 1 ? loss : first;
        if (step == 1 || step % 500 == 0)
            printf("step %4lld: %.2f nats a picture\n", (long long)step, loss);
    }
    oc_tensor_destroy(&in[0].tensor);
    oc_tensor_destroy(&in[1].tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    return loss / first;
}

static void draw(oc_device *device, oc_context *context, const oc_graph *graph, oc_state *state) {
    float code[DRAWN * CODE], pictures[DRAWN * PIXELS];
    oc_plan *plan;
    oc_exec *exec;
    oc_binding in = {"code", NULL}, out = {"pictures", NULL};
    for (int i = 0; i < DRAWN * CODE; i++)
        code[i] = (float)(i * 37 % 23 - 11) / 8;
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_exec_create(&exec, plan, state, &err));
    check(oc_tensor_wrap(&in.tensor, context, OC_F32, &OC_SHAPE(DRAWN, CODE), code, &err));
    check(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SHAPE(DRAWN, PIXELS), pictures, &err));
    check(oc_exec_run(exec, &in, 1, &out, 1, &err));
    for (int row = 0; row < SIDE; row++) {
        for (int i = 0; i < DRAWN * SIDE; i++) {
            int level = (int)(pictures[i / SIDE * PIXELS + row * SIDE + i % SIDE] * 3.99f);
            printf("%c%s", " .+#"[level], i % SIDE == SIDE - 1 ? "  " : "");
        }
        printf("\n");
    }
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
}

int main(void) {
    const oc_optimizer adam = {.kind = OC_ADAM, .lr = 0.005f};
    oc_context *context;
    oc_device *device;
    oc_state *state;
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));
    oc_graph *training = make_training(context, &adam), *drawing = make_drawing(context);
    check(oc_state_create(&state, device, training, 7, &err));
    float share = train(device, context, training, state, &adam);
    draw(device, context, drawing, state);
    oc_state_destroy(&state);
    oc_graph_destroy(&training);
    oc_graph_destroy(&drawing);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
    return share < 0.4f ? 0 : 1; /* it learned */
}
