/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"
#include "kit/own.h"

#define BATCH 2
#define SIDE 48 /* of SqueezeNet's pictures */

static const oc_optimizer optimizer = {.kind = OC_SGD, .lr = 0.05f, .momentum = 0.9f};

static oc_status build_lenet(oc_graph **out, oc_context *context, bool trained, oc_error *err) {
    OC_TRY(oc_graph_create(out, context, err));
    oc_graph *graph = *out;
    int64_t batch = oc_graph_symbol(graph, "N");
    oc_value *image = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(batch, 1, 28, 28), err);
    oc_value *logits = oc_net_lenet5(graph, image, err);
    OC_TRY(oc_graph_output(graph, "logits", logits, err));
    if (!trained)
        return oc_graph_check(graph, err);
    oc_value *label = oc_graph_input(graph, "label", OC_I64, &OC_SHAPE(batch), err);
    oc_value *loss = oc_reduce_mean(graph, oc_softmax_cross_entropy(graph, logits, label, err), NULL, err);
    OC_TRY(oc_graph_output(graph, "loss", loss, err));
    OC_TRY(oc_minimize(graph, loss, &optimizer, NULL, err));
    return oc_graph_check(graph, err);
}

static void fill_pixels(float *pixels, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        pixels[i] = (float)(i * 7919 % 255) / 255;
}

oc_status training_init(training *t, const place *at, oc_device *device, oc_error *err) {
    *t = (training){0};
    OC_TRY(build_lenet(&t->graph, at->context, true, err));
    oc_device *const devices[] = {device, at->second};
    const oc_dim_binding n = {"N", BATCH};
    const oc_plan_params params = {.dims = &n, .dim_count = 1, .policy = at->second ? "split" : NULL};
    OC_TRY(oc_plan_create(&t->plan, t->graph, devices, at->second ? 2 : 1, &params, err));
    OC_TRY(oc_state_create(&t->state, device, t->graph, 1, err));
    OC_TRY(oc_exec_create(&t->exec, t->plan, t->state, err));
    OC_TRY(oc_tensor_create(&t->image, at->context, NULL, OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), err));
    OC_TRY(oc_tensor_create(&t->label, at->context, NULL, OC_I64, &OC_SHAPE(BATCH), err));
    OC_TRY(oc_tensor_wrap(&t->hyper, at->context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), t->hyper_numbers, err));
    OC_TRY(oc_tensor_wrap(&t->loss, at->context, OC_F32, &OC_SCALAR, &t->loss_number, err));
    fill_pixels(oc_tensor_get_data(t->image), BATCH * 784);
    for (int64_t i = 0; i < BATCH; i++)
        ((int64_t *)oc_tensor_get_data(t->label))[i] = i;
    return OC_OK;
}

void training_finish(training *t) {
    oc_tensor_destroy(&t->image);
    oc_tensor_destroy(&t->label);
    oc_tensor_destroy(&t->hyper);
    oc_tensor_destroy(&t->loss);
    oc_exec_destroy(&t->exec);
    oc_state_destroy(&t->state);
    oc_plan_destroy(&t->plan);
    oc_graph_destroy(&t->graph);
}

oc_status training_step(training *t, int64_t step, oc_error *err) {
    oc_optimizer_hyper(&optimizer, step, t->hyper_numbers);
    const oc_binding in[] = {{"image", t->image}, {"label", t->label}, {OC_HYPER_NAME, t->hyper}}, out = {"loss", t->loss};
    return oc_exec_run(t->exec, in, 3, &out, 1, err);
}

/* Calls oc_state_read or oc_state_write for each state. */
static oc_status move_states(const training *t, const place *at, unsigned char *bytes, bool write, oc_error *err) {
    for (size_t i = 0; i < oc_state_count(t->state); i++) {
        oc_value_info info = oc_state_get_info(t->state, i);
        oc_tensor *tensor = NULL;
        OC_TRY(oc_tensor_wrap(&tensor, at->context, info.dtype, &info.shape, bytes, err));
        bytes += oc_tensor_get_bytes(tensor);
        oc_status status = write ? oc_state_write(t->state, info.name, tensor, err) : oc_state_read(t->state, info.name, tensor, err);
        oc_tensor_destroy(&tensor);
        OC_TRY(status);
    }
    return OC_OK;
}

oc_status training_read(const training *t, const place *at, unsigned char **bytes, size_t *size, oc_error *err) {
    *size = 0;
    for (size_t i = 0; i < oc_state_count(t->state); i++) {
        oc_value_info info = oc_state_get_info(t->state, i);
        *size += (size_t)oc_shape_count(&info.shape) * oc_dtype_size(info.dtype);
    }
    *bytes = malloc(*size + 1);
    return *bytes ? move_states(t, at, *bytes, false, err) : OC_ERROR_MEMORY;
}

oc_status training_write(const training *t, const place *at, const unsigned char *bytes, oc_error *err) {
    return move_states(t, at, (unsigned char *)bytes, true, err);
}

/* Some elements of a state. */
static oc_status sample_state(oc_state *state, const place *at, size_t index, float *numbers, int count, oc_error *err) {
    oc_value_info info = oc_state_get_info(state, index);
    oc_tensor *tensor = NULL;
    OC_TRY(oc_tensor_create(&tensor, at->context, NULL, info.dtype, &info.shape, err));
    oc_status status = oc_state_read(state, info.name, tensor, err);
    for (int i = 0; status == OC_OK && i < count; i++)
        numbers[i] = ((const float *)oc_tensor_get_data(tensor))[i * (oc_tensor_get_count(tensor) - 1) / count];
    oc_tensor_destroy(&tensor);
    return status;
}

static oc_status train_twice(training *t, const place *at, oc_device *device, float *numbers, oc_error *err) {
    OC_TRY(training_init(t, at, device, err));
    for (int step = 0; step < 2; step++) {
        OC_TRY(training_step(t, step + 1, err));
        numbers[step] = t->loss_number;
    }
    return sample_state(t->state, at, 0, numbers + 2, NUMBERS - 2, err);
}

/* The work on the place's device, or on one that is opened for it. */
typedef oc_status device_work(const place *at, oc_device *device, float *numbers, oc_error *err);
static oc_status on_device(device_work *work, const place *at, float *numbers, oc_error *err) {
    oc_device *device = at->device;
    if (!device)
        OC_TRY(oc_device_create(&device, at->context, NULL, err));
    oc_status status = work(at, device, numbers, err);
    if (!at->device)
        oc_device_destroy(&device);
    return status;
}

static oc_status lenet(const place *at, oc_device *device, float *numbers, oc_error *err) {
    training t;
    oc_status status = train_twice(&t, at, device, numbers, err);
    training_finish(&t);
    return status;
}

oc_status work_lenet(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(lenet, at, numbers, err);
}

oc_status work_split(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(lenet, at, numbers, err);
}

typedef struct stream {
    oc_graph *graph;
    oc_plan *plan;
    oc_exec *exec[2];
    oc_event *done[2];
    oc_tensor *image, *logits[2];
} stream;

static oc_status flow(stream *s, const place *at, oc_device *device, float *numbers, oc_error *err) {
    oc_device *const devices[] = {device, at->second};
    const oc_dim_binding n = {"N", BATCH};
    OC_TRY(build_lenet(&s->graph, at->context, false, err));
    OC_TRY(oc_plan_create(&s->plan, s->graph, devices, 2, &(oc_plan_params){.dims = &n, .dim_count = 1, .policy = "pipeline"}, err));
    OC_TRY(oc_tensor_create(&s->image, at->context, NULL, OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), err));
    fill_pixels(oc_tensor_get_data(s->image), BATCH * 784);
    for (int i = 0; i < 2; i++) {
        OC_TRY(oc_exec_create(&s->exec[i], s->plan, NULL, err));
        OC_TRY(oc_tensor_wrap(&s->logits[i], at->context, OC_F32, &OC_SHAPE(BATCH, 10), numbers + i * BATCH * 10, err));
    }
    for (int i = 0; i < 2; i++)
        OC_TRY(oc_exec_enqueue(s->exec[i], &(oc_binding){"image", s->image}, 1, &(oc_binding){"logits", s->logits[i]}, 1, NULL, 0,
                               &s->done[i], err));
    for (int i = 0; i < 2; i++)
        OC_TRY(oc_event_wait(s->done[i], err));
    return OC_OK;
}

static oc_status pipeline(const place *at, oc_device *device, float *numbers, oc_error *err) {
    stream s = {0};
    oc_status status = flow(&s, at, device, numbers, err);
    for (int i = 0; i < 2; i++) {
        oc_event_destroy(&s.done[i]);
        oc_exec_destroy(&s.exec[i]); /* waits */
        oc_tensor_destroy(&s.logits[i]);
    }
    oc_tensor_destroy(&s.image);
    oc_plan_destroy(&s.plan);
    oc_graph_destroy(&s.graph);
    return status;
}

oc_status work_pipeline(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(pipeline, at, numbers, err);
}

typedef struct lesson {
    oc_graph *graph;
    oc_trainer *first, *second;
    oc_tensor *images, *labels;
    int64_t shadow_steps;
} lesson;

static oc_status teach(lesson *l, const place *at, oc_device *device, float *numbers, oc_error *err) {
    const oc_trainer_params params = {.optimizer = optimizer, .batch = BATCH, .seed = 1, .devices = &at->second,
                                      .device_count = at->second != NULL, .shadow_steps = l->shadow_steps};
    oc_train_report report;
    char path[300];
    snprintf(path, sizeof(path), "%s/trainer", at->folder);
    OC_TRY(build_lenet(&l->graph, at->context, false, err));
    OC_TRY(oc_trainer_create(&l->first, device, l->graph, &params, err));
    OC_TRY(oc_tensor_create(&l->images, at->context, NULL, OC_F32, &OC_SHAPE(2 * BATCH, 1, 28, 28), err));
    OC_TRY(oc_tensor_create(&l->labels, at->context, NULL, OC_U8, &OC_SHAPE(2 * BATCH), err));
    fill_pixels(oc_tensor_get_data(l->images), 2 * BATCH * 784);
    for (int i = 0; i < 2 * BATCH; i++)
        ((uint8_t *)oc_tensor_get_data(l->labels))[i] = (uint8_t)i;
    OC_TRY(oc_trainer_epoch(l->first, l->images, l->labels, 1, NULL, NULL, &report, err));
    numbers[0] = (float)report.loss;
    OC_TRY(oc_trainer_save(l->first, path, err));
    OC_TRY(oc_trainer_create(&l->second, device, l->graph, &params, err));
    OC_TRY(oc_trainer_resume(l->second, path, err));
    OC_TRY(oc_trainer_epoch(l->second, l->images, l->labels, 0, NULL, NULL, &report, err));
    numbers[1] = (float)report.loss;
    OC_TRY(oc_trainer_evaluate(l->second, l->images, l->labels, &report, err));
    numbers[2] = (float)report.loss;
    numbers[3] = (float)report.accuracy;
    return sample_state(oc_trainer_get_state(l->second), at, 0, numbers + 4, NUMBERS - 4, err);
}

static oc_status lesson_on(const place *at, oc_device *device, int64_t shadow_steps, float *numbers, oc_error *err) {
    lesson l = {.shadow_steps = shadow_steps};
    oc_status status = teach(&l, at, device, numbers, err);
    oc_trainer_destroy(&l.first);
    oc_trainer_destroy(&l.second);
    oc_tensor_destroy(&l.images);
    oc_tensor_destroy(&l.labels);
    oc_graph_destroy(&l.graph);
    return status;
}

static oc_status trainer(const place *at, oc_device *device, float *numbers, oc_error *err) {
    return lesson_on(at, device, 0, numbers, err);
}

static oc_status shadowed(const place *at, oc_device *device, float *numbers, oc_error *err) {
    return lesson_on(at, device, 1, numbers, err);
}

oc_status work_shadow(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(shadowed, at, numbers, err);
}

oc_status work_trainer(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(trainer, at, numbers, err);
}

static oc_status write_model(oc_graph *graph, oc_device *device, const place *at, oc_error *err) {
    oc_state *state = NULL;
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(1, 3, SIDE, SIDE), err);
    OC_TRY(oc_graph_output(graph, "logits", oc_net_build(graph, "squeezenet1_1", x, &oc_net_params(.outputs = NUMBERS), err), err));
    OC_TRY(oc_state_create(&state, device, graph, 1, err));
    oc_status status = oc_onnx_write(graph, state, at->model, err);
    oc_state_destroy(&state);
    return status;
}

oc_status work_write_model(const place *at, oc_error *err) {
    oc_graph *graph = NULL;
    OC_TRY(oc_graph_create(&graph, at->context, err));
    oc_status status = write_model(graph, at->device, at, err);
    oc_graph_destroy(&graph);
    return status;
}

typedef struct inference {
    oc_graph *graph;
    oc_plan *plan;
    oc_exec *exec;
    oc_tensor *image, *logits;
} inference;

static oc_status infer(inference *f, const place *at, oc_device *device, float *numbers, oc_error *err) {
    OC_TRY(oc_onnx_read(&f->graph, at->context, at->model, err));
    OC_TRY(oc_plan_create(&f->plan, f->graph, &device, 1, NULL, err));
    oc_graph_destroy(&f->graph);
    OC_TRY(oc_exec_create(&f->exec, f->plan, NULL, err));
    OC_TRY(oc_tensor_create(&f->image, at->context, NULL, OC_F32, &OC_SHAPE(1, 3, SIDE, SIDE), err));
    OC_TRY(oc_tensor_wrap(&f->logits, at->context, OC_F32, &OC_SHAPE(1, NUMBERS), numbers, err));
    fill_pixels(oc_tensor_get_data(f->image), 3 * SIDE * SIDE);
    const oc_binding in = {"image", f->image}, out = {"logits", f->logits};
    return oc_exec_run(f->exec, &in, 1, &out, 1, err);
}

/* Runs one of them and lets all go. */
static oc_status infer_by(oc_status (*infer_it)(inference *, const place *, oc_device *, float *, oc_error *), const place *at,
                          oc_device *device, float *numbers, oc_error *err) {
    inference f = {0};
    oc_status status = infer_it(&f, at, device, numbers, err);
    oc_tensor_destroy(&f.image);
    oc_tensor_destroy(&f.logits);
    oc_exec_destroy(&f.exec);
    oc_plan_destroy(&f.plan);
    oc_graph_destroy(&f.graph);
    return status;
}

static oc_status squeezenet(const place *at, oc_device *device, float *numbers, oc_error *err) {
    return infer_by(infer, at, device, numbers, err);
}

oc_status work_squeezenet(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(squeezenet, at, numbers, err);
}

static oc_status custom_graph(oc_graph *graph, oc_context *context, oc_error *err) {
    oc_custom *custom = NULL;
    OC_TRY(own_plain(&custom, context, "test.twice", OWN_TWICE, own_twice_host, err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 40), err);
    for (int i = 0; i < 2; i++)
        x = oc_graph_custom(graph, custom, NULL, 0, &x, 1, NULL, err);
    oc_status status = oc_graph_output(graph, "y", x, err);
    oc_custom_destroy(&custom);
    return status;
}

static oc_status custom_run(inference *f, const place *at, oc_device *device, float *numbers, oc_error *err) {
    OC_TRY(oc_graph_create(&f->graph, at->context, err));
    OC_TRY(custom_graph(f->graph, at->context, err));
    OC_TRY(oc_plan_create(&f->plan, f->graph, &device, 1, &(oc_plan_params){.default_dim = 1}, err));
    OC_TRY(oc_exec_create(&f->exec, f->plan, NULL, err));
    OC_TRY(oc_tensor_create(&f->image, at->context, NULL, OC_F32, &OC_SHAPE(1, 40), err));
    OC_TRY(oc_tensor_wrap(&f->logits, at->context, OC_F32, &OC_SHAPE(1, 40), numbers, err));
    fill_pixels(oc_tensor_get_data(f->image), 40);
    return oc_exec_run(f->exec, &(oc_binding){"x", f->image}, 1, &(oc_binding){"y", f->logits}, 1, err);
}

static oc_status custom(const place *at, oc_device *device, float *numbers, oc_error *err) {
    return infer_by(custom_run, at, device, numbers, err);
}

oc_status work_custom(const place *at, float numbers[NUMBERS], oc_error *err) {
    return on_device(custom, at, numbers, err);
}

/* The driver is taken for one that keeps no programs itself. */
static oc_status get_program(const place *at, float *number, oc_error *err) {
    oc_device *device;
    oc__program *program = NULL;
    oc__kernel *kernel = NULL;
    OC_TRY(oc_device_create(&device, at->context, NULL, err));
    device->keeps_programs = false;
    oc_status status = oc__program_get(&program, device, "fill.cl", "#define FAULTS 1", err);
    if (status == OC_OK)
        status = oc__kernel_create(&kernel, program, "fill_value", err);
    oc__kernel_destroy(&kernel);
    oc_device_destroy(&device);
    *number = status == OC_OK;
    return status;
}

oc_status work_program(const place *at, float numbers[NUMBERS], oc_error *err) {
    OC_TRY(get_program(at, &numbers[0], err));
    return get_program(at, &numbers[1], err);
}
