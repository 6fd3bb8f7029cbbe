/* SPDX-License-Identifier: Apache-2.0 */
/* What is trained: network, data, and what is written of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "session.h"
#include "trainee.h"

static int read_npy(trainee *t, const char *path, oc_tensor **out) {
    oc_error err = {0};
    return oc_npy_read(out, t->app.context, path, &err) == OC_OK ? EXIT_DONE : app_fail(&err);
}

/* (samples, rows, columns) as the network's input has it: (samples, 1, rows, columns), or (samples, pixels). */
static int shape_images(const trainee *t, oc_tensor **images) {
    oc_error err = {0};
    oc_shape from = *oc_tensor_get_shape(*images), to = oc_graph_get_input(t->graph, 0).shape;
    oc_tensor *view;
    char text[200];
    to.dims[0] = from.dims[0];
    int64_t count = oc_shape_count(&to);
    if (count != oc_tensor_get_count(*images))
        return app_say("the images are %s, which is not what the network takes", shape_text(&from, text));
    if (oc_tensor_view(&view, *images, 0, &to, NULL, &err) != OC_OK)
        return app_fail(&err);
    oc_tensor_destroy(images); /* the view keeps the memory */
    *images = view;
    return EXIT_DONE;
}

static int load_folder(trainee *t) {
    dataset train, test;
    if (!dataset_read(&train, &t->app, t->data, "train"))
        return EXIT_FAILED;
    t->images = train.images;
    t->labels = train.labels;
    if (!dataset_read(&test, &t->app, t->data, "t10k"))
        return EXIT_FAILED;
    t->test_images = test.images;
    t->test_labels = test.labels;
    return EXIT_DONE;
}

/* What classify needs to know later. */
static int set_metadata(trainee *t) {
    oc_error err = {0};
    char *labels = dataset_labels(t->data);
    oc_status status = oc_graph_set_metadata(t->graph, "scale", "0.00392156862745098", &err);
    if (status == OC_OK)
        status = oc_graph_set_metadata(t->graph, "color", "gray", &err);
    if (status == OC_OK && labels != NULL)
        status = oc_graph_set_metadata(t->graph, "labels", labels, &err);
    free(labels);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

/* A known network for these data: its channels and sizes are those of the images, its outputs at least 10 and all labels. */
static oc_status build_form(const trainee *t, bool training, int64_t outputs, oc_graph **out, oc_error *err) {
    const oc_shape *images = oc_tensor_get_shape(t->images);
    oc_net_info info = oc_net_get_info((size_t)oc_net_find(t->network));
    oc_status status = oc_graph_create(out, t->app.context, err);
    if (status != OC_OK)
        return status;
    oc_shape shape = {info.input.rank + 1, {oc_graph_symbol(*out, "N"), 1}};
    for (int i = 1; i < images->rank && info.input.rank == 1; i++)
        shape.dims[1] *= images->dims[i];
    for (int i = 1; i < images->rank && info.input.rank == 3; i++)
        shape.dims[i + (images->rank == 3)] = images->dims[i];
    oc_value *x = oc_graph_input(*out, "input", OC_F32, &shape, err);
    oc_value *y = oc_net_build(*out, t->network, x, &(oc_net_params){.outputs = outputs, .training = training}, err);
    status = oc_graph_output(*out, "logits", y, err);
    return status == OC_OK ? oc_graph_check(*out, err) : status;
}

static int build_network(trainee *t) {
    oc_error err = {0};
    int64_t outputs = t->outputs > 0 ? t->outputs : 10;
    bool classes = oc_tensor_get_dtype(t->labels) != OC_F32 && oc_tensor_get_shape(t->labels)->rank == 1;
    if (oc_tensor_get_shape(t->images)->rank < 3)
        return app_say("a known network takes images of (samples, height, width) or (samples, channels, height, width)");
    for (int64_t i = 0; i < oc_tensor_get_count(t->labels) && classes && t->outputs == 0; i++)
        outputs = tensor_element(t->labels, i) >= (double)outputs ? (int64_t)tensor_element(t->labels, i) + 1 : outputs;
    oc_status status = build_form(t, false, outputs, &t->graph, &err);
    if (status == OC_OK)
        status = build_form(t, true, outputs, &t->form, &err);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

static int freeze(trainee *t) {
    for (size_t i = 0; i < t->freeze.count; i++) {
        size_t found = oc_graph_freeze(t->form != NULL ? t->form : t->graph, t->freeze.items[i]);
        if (found == 0)
            return app_say("--freeze %s: there is no parameter of such a name", t->freeze.items[i]);
        fprintf(stderr, "ocelli: %zu parameters '%s' stay as they are\n", found, t->freeze.items[i]);
    }
    return EXIT_DONE;
}

static int load_data(trainee *t) {
    int code = EXIT_DONE;
    if (t->data != NULL)
        return load_folder(t);
    const struct {
        const char *path;
        oc_tensor **to;
    } files[] = {{t->images_path, &t->images}, {t->labels_path, &t->labels}, {t->eval_images, &t->test_images},
                 {t->eval_labels, &t->test_labels}};
    for (int i = 0; i < 4 && code == EXIT_DONE; i++)
        code = files[i].path != NULL ? read_npy(t, files[i].path, files[i].to) : EXIT_DONE;
    return code;
}

/* Images of a folder have the shape that the network takes. */
static int shape_all(trainee *t) {
    int code = EXIT_DONE;
    if (t->data != NULL || t->network != NULL)
        code = shape_images(t, &t->images);
    if (code == EXIT_DONE && t->test_images != NULL && (t->data != NULL || t->network != NULL))
        code = shape_images(t, &t->test_images);
    return code == EXIT_DONE && t->data != NULL ? set_metadata(t) : code;
}

int trainee_load(trainee *t) {
    oc_error err = {0};
    int code = EXIT_DONE;
    if (t->model != NULL && oc_onnx_read(&t->graph, t->app.context, t->model, &err) != OC_OK)
        return app_fail(&err);
    if (t->model != NULL && oc_graph_input_count(t->graph) != 1)
        return app_say("a network with one input can be trained, this one has %zu", oc_graph_input_count(t->graph));
    code = load_data(t);
    if (code == EXIT_DONE && t->model == NULL)
        code = build_network(t);
    if (code == EXIT_DONE)
        code = shape_all(t);
    return code == EXIT_DONE ? freeze(t) : code;
}

static int make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return EXIT_DONE;
    return app_say("the folder %s cannot be made: %s", path, strerror(errno));
}

static int dump_gradient(trainee *t, const oc_value_info *info) {
    oc_error err = {0};
    oc_tensor *gradient;
    char path[4096];
    int folder = snprintf(path, sizeof(path), "%s/", t->gradients);
    snprintf(path + folder, sizeof(path) - (size_t)folder, "%s.npy", info->name);
    for (char *at = path + folder; *at != 0; at++)
        if (*at == '/')
            *at = '_';
    if (oc_tensor_create(&gradient, t->app.context, NULL, info->dtype, &info->shape, &err) != OC_OK)
        return app_fail(&err);
    oc_status status = oc_trainer_read_gradient(t->trainer, info->name, gradient, &err);
    if (status == OC_OK)
        status = oc_npy_write(gradient, path, &err);
    oc_tensor_destroy(&gradient);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

int trainee_dump_gradients(trainee *t) {
    int code = make_folder(t->gradients);
    for (size_t i = 0; code == EXIT_DONE && i < oc_graph_state_count(t->graph); i++) {
        oc_value_info info = oc_graph_get_state(t->graph, i);
        if (info.trainable)
            code = dump_gradient(t, &info);
    }
    return code;
}

#define SAMPLES 1000 /* whose answers are compared */

/* The first output of a network for the first images; NULL after a sentence. */
static oc_tensor *answers(trainee *t, const oc_graph *graph, oc_state *state, const oc_tensor *images) {
    oc_error err = {0};
    session session;
    int64_t count = oc_tensor_get_shape(images)->dims[0], samples = count < SAMPLES ? count : SAMPLES;
    oc_plan_params params = {.default_dim = samples, .no_updates = true, .inference = true};
    if (session_open(&session, &t->app, graph, state, &params, &err) != OC_OK) {
        app_fail(&err);
        return NULL;
    }
    oc_tensor *input = session.inputs[0].tensor, *output = NULL;
    bool bytes = oc_tensor_get_dtype(images) == OC_U8;
    for (int64_t i = 0; i < oc_tensor_get_count(input) && i < oc_tensor_get_count(images); i++)
        ((float *)oc_tensor_get_data(input))[i] = (float)(tensor_element(images, i) * (bytes ? 1 / 255.0 : 1));
    if (session_run(&session, &err) != OC_OK)
        app_fail(&err);
    else {
        output = session.outputs[0].tensor;
        session.outputs[0].tensor = NULL;
    }
    session_close(&session);
    return output;
}

static int compare_answers(trainee *t, const oc_graph *saved) {
    const oc_tensor *images = t->test_images != NULL ? t->test_images : t->images;
    oc_tensor *a = answers(t, oc_trainer_get_graph(t->trainer), oc_trainer_get_state(t->trainer), images);
    oc_tensor *b = answers(t, saved, NULL, images);
    int code = EXIT_FAILED;
    if (a != NULL && b != NULL && oc_shape_equal(oc_tensor_get_shape(a), oc_tensor_get_shape(b))) {
        bool same = memcmp(oc_tensor_get_data(a), oc_tensor_get_data(b), (size_t)oc_tensor_get_bytes(a)) == 0;
        fprintf(stderr, "ocelli: %s, read back, gives %s answers on %lld images\n", t->save, same ? "the same" : "OTHER",
                (long long)oc_tensor_get_shape(a)->dims[0]);
        code = same ? EXIT_DONE : EXIT_FAILED;
    }
    oc_tensor_destroy(&a);
    oc_tensor_destroy(&b);
    return code;
}

int trainee_save(trainee *t) {
    oc_error err = {0};
    oc_graph *saved;
    /* The network as it was given, its sizes too, with the state that was trained. */
    if (oc_onnx_write(t->graph, oc_trainer_get_state(t->trainer), t->save, &err) != OC_OK ||
        oc_onnx_read(&saved, t->app.context, t->save, &err) != OC_OK)
        return app_fail(&err);
    int code = compare_answers(t, saved);
    oc_graph_destroy(&saved);
    return code;
}

void trainee_free(trainee *t) {
    oc_trainer_destroy(&t->trainer);
    oc_graph_destroy(&t->graph);
    oc_graph_destroy(&t->form);
    args_free(&t->freeze);
    oc_tensor_destroy(&t->images);
    oc_tensor_destroy(&t->labels);
    oc_tensor_destroy(&t->test_images);
    oc_tensor_destroy(&t->test_labels);
}
