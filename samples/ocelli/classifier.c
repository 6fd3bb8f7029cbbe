/* SPDX-License-Identifier: Apache-2.0 */
#include "classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One number for all channels, or one for each. */
static bool parse_channels(const char *text, int channels, double out[3]) {
    int count = 0;
    char *end = NULL;
    if (text == NULL)
        return true;
    do {
        if (end != NULL)
            text = end + 1;
        out[count++] = strtod(text, &end);
    } while (end != text && *end == ',' && count < 3);
    if (count == 1)
        out[1] = out[2] = out[0];
    return end != text && *end == 0 && (count == 1 || count == channels);
}

static const char *choose(const char *option, const oc_graph *graph, const char *key) {
    return option != NULL ? option : oc_graph_get_metadata(graph, key);
}

static bool read_numbers(classifier *c, const oc_graph *graph, const prepare_options *options) {
    double scale[3] = {1.0 / 255, 0, 0};
    for (int i = 0; i < 3; i++) {
        c->mean[i] = 0;
        c->deviation[i] = 1;
    }
    if (!parse_channels(choose(options->mean, graph, "mean"), c->channels, c->mean) ||
        !parse_channels(choose(options->deviation, graph, "std"), c->channels, c->deviation) ||
        !parse_channels(choose(options->scale, graph, "scale"), 1, scale)) {
        app_say("mean, std or scale is no list of numbers that fits %d channels", c->channels);
        return false;
    }
    c->scale = scale[0];
    return true;
}

/* The shape of the one input says what pictures it takes. */
static bool read_shape(classifier *c, const oc_shape *shape, const char *color) {
    bool rgb = color != NULL && strcmp(color, "rgb") == 0;
    if (shape->rank == 4 && shape->dims[0] == 1 && (shape->dims[1] == 1 || shape->dims[1] == 3)) {
        c->channels = (int)shape->dims[1];
        c->height = (int)shape->dims[2];
        c->width = (int)shape->dims[3];
        c->pixels = shape->dims[2] * shape->dims[3];
        if (color == NULL || rgb == (c->channels == 3))
            return true;
        app_say("the model takes %d channel%s, which is not %s", c->channels, c->channels == 1 ? "" : "s", color);
        return false;
    }
    if (shape->rank == 2 && shape->dims[0] == 1) {
        c->channels = rgb ? 3 : 1;
        c->pixels = shape->dims[1] / c->channels;
        return true;
    }
    char text[200];
    app_say("the model's input is %s; pictures are (1, 1 or 3, height, width) or (1, pixels)", shape_text(shape, text));
    return false;
}

static bool read_ends(classifier *c, const char *color) {
    const session *session = &c->session;
    if (session->input_count != 1 || oc_tensor_get_dtype(session->inputs[0].tensor) != OC_F32) {
        app_say("the model does not have one input of f32");
        return false;
    }
    c->classes = oc_tensor_get_count(session->outputs[0].tensor);
    return read_shape(c, oc_tensor_get_shape(session->inputs[0].tensor), color);
}

static char *read_labels(const oc_graph *graph, const char *path) {
    const char *text = oc_graph_get_metadata(graph, "labels");
    if (path == NULL)
        return text != NULL ? strdup(text) : NULL;
    size_t size;
    uint8_t *data = file_read(path, &size);
    char *copy = data != NULL ? strndup((const char *)data, size) : NULL;
    free(data);
    return copy;
}

static bool open_graph(classifier *c, const oc_graph *graph, const prepare_options *options) {
    oc_error err = {0};
    const oc_plan_params params = {.default_dim = 1};
    if (session_open(&c->session, c->app, graph, NULL, &params, &err) != OC_OK) {
        app_fail(&err);
        return false;
    }
    const char *color = options->rgb ? "rgb" : options->gray ? "gray" : oc_graph_get_metadata(graph, "color");
    if (!read_ends(c, color) || !read_numbers(c, graph, options))
        return false;
    c->labels = read_labels(graph, options->labels);
    return options->labels == NULL || c->labels != NULL;
}

bool classifier_open(classifier *c, app *app, const char *path, const prepare_options *options) {
    oc_error err = {0};
    oc_graph *graph;
    memset(c, 0, sizeof(*c));
    c->app = app;
    if (oc_onnx_read(&graph, app->context, path, &err) != OC_OK) {
        app_fail(&err);
        return false;
    }
    bool fine = open_graph(c, graph, options);
    oc_graph_destroy(&graph);
    if (!fine)
        classifier_close(c);
    return fine;
}

void classifier_close(classifier *c) {
    session_close(&c->session);
    free(c->labels);
    c->labels = NULL;
}

static bool fits(const classifier *c, const picture *picture, const char *name) {
    int64_t pixels = (int64_t)picture->width * picture->height;
    if (c->width == 0 ? pixels == c->pixels : picture->width == c->width && picture->height == c->height)
        return true;
    if (c->width == 0)
        app_say("%s is %d by %d, the model takes %lld pixels", name, picture->width, picture->height, (long long)c->pixels);
    else
        app_say("%s is %d by %d, the model takes %d by %d", name, picture->width, picture->height, c->width, c->height);
    return false;
}

/* Logits become probabilities; what is already that stays. */
static void normalize(double *values, int64_t count) {
    double sum = 0, top = -INFINITY, low = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
        top = fmax(top, values[i]);
        low = fmin(low, values[i]);
    }
    if (low >= 0 && fabs(sum - 1) < 1e-3)
        return;
    sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i] = exp(values[i] - top);
    for (int64_t i = 0; i < count; i++)
        values[i] /= sum;
}

double *classifier_run(classifier *c, const picture *picture, const char *name) {
    oc_error err = {0};
    if (!fits(c, picture, name))
        return NULL;
    float *input = oc_tensor_get_data(c->session.inputs[0].tensor);
    size_t pixels = (size_t)c->pixels;
    for (size_t i = 0; i < pixels; i++)
        for (int k = 0; k < c->channels; k++)
            input[(size_t)k * pixels + i] =
                (float)((picture->pixels[i * (size_t)c->channels + (size_t)k] * c->scale - c->mean[k]) / c->deviation[k]);
    if (session_run(&c->session, &err) != OC_OK) {
        app_fail(&err);
        return NULL;
    }
    double *values = calloc((size_t)c->classes + 1, sizeof(*values));
    for (int64_t i = 0; values != NULL && i < c->classes; i++)
        values[i] = tensor_element(c->session.outputs[0].tensor, i);
    if (values != NULL)
        normalize(values, c->classes);
    return values;
}

const char *classifier_label(const classifier *c, int64_t index, char *buffer, size_t size) {
    const char *line = c->labels;
    while (line != NULL && index-- > 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    size_t length = line != NULL ? strcspn(line, "\r\n") : 0;
    if (length == 0)
        return NULL;
    snprintf(buffer, size, "%.*s", (int)length, line);
    return buffer;
}
