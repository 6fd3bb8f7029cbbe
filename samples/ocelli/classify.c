/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli classify */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "classifier.h"
#include "dataset.h"
#include "json.h"
#include "picture.h"

typedef struct settings {
    app app;
    prepare_options prepare;
    bool draw, no_draw;
    int64_t first, top;
    int64_t right, counted; /* of pictures whose label is known */
} settings;

static const char *label_text(const classifier *c, int64_t index, char *buffer, size_t size) {
    const char *label = classifier_label(c, index, buffer, size);
    if (label == NULL)
        snprintf(buffer, size, "%lld", (long long)index);
    return buffer;
}

static void print_json(const classifier *c, const char *name, const double *probabilities, int64_t best, int64_t wanted) {
    char buffer[128];
    json_open('{');
    json_key("file");
    json_text(name);
    json_key("class");
    json_integer(best);
    json_key("label");
    json_text(label_text(c, best, buffer, sizeof(buffer)));
    json_key("probability");
    json_number(probabilities[best]);
    if (wanted >= 0) {
        json_key("wanted");
        json_integer(wanted);
    }
    json_close();
}

static void print_text(const settings *s, const classifier *c, const char *name, const double *probabilities, int64_t best,
                       int64_t wanted) {
    char buffer[128];
    printf("%s: %s, %.1f %%", name, label_text(c, best, buffer, sizeof(buffer)), 100 * probabilities[best]);
    if (wanted >= 0)
        printf(wanted == best ? " (right)" : " (wrong: %s)", label_text(c, wanted, buffer, sizeof(buffer)));
    putchar('\n');
    bool *taken = calloc((size_t)c->classes + 1, sizeof(*taken));
    for (int64_t k = 1; taken != NULL && k < s->top && k < c->classes; k++) {
        taken[best] = true;
        int64_t next = -1;
        for (int64_t i = 0; i < c->classes; i++)
            if (!taken[i] && (next < 0 || probabilities[i] > probabilities[next]))
                next = i;
        printf("    %s, %.1f %%\n", label_text(c, next, buffer, sizeof(buffer)), 100 * probabilities[next]);
        best = next;
    }
    free(taken);
}

/* Also counts: wanted is the right class, -1 where it is not known. */
static int classify_picture(settings *s, classifier *c, const picture *picture, const char *name, int64_t wanted) {
    double *probabilities = classifier_run(c, picture, name);
    if (probabilities == NULL)
        return EXIT_FAILED;
    int64_t best = 0;
    for (int64_t i = 1; i < c->classes; i++)
        if (probabilities[i] > probabilities[best])
            best = i;
    s->counted += wanted >= 0;
    s->right += wanted == best;
    bool draw = s->draw || (!s->no_draw && !s->app.json && s->first <= 100);
    if (draw && !s->app.json)
        picture_draw(picture, stdout);
    if (s->app.json)
        print_json(c, name, probabilities, best, wanted);
    else if (s->counted == 0 || s->first <= 100)
        print_text(s, c, name, probabilities, best, wanted);
    free(probabilities);
    return EXIT_DONE;
}

static int classify_file(settings *s, classifier *c, const char *path) {
    picture picture;
    if (!picture_read(&picture, path, c->channels))
        return EXIT_FAILED;
    int code = classify_picture(s, c, &picture, path, -1);
    picture_free(&picture);
    return code;
}

/* The labels that belong to images: "…images-idx3…" becomes "…labels-idx1…". NULL: there are none. */
static oc_tensor *labels_of(app *app, const char *path) {
    char other[4096];
    const char *at = strstr(path, "images-idx3");
    if (at == NULL || strlen(path) >= sizeof(other))
        return NULL;
    snprintf(other, sizeof(other), "%.*slabels-idx1%s", (int)(at - path), path, at + strlen("images-idx3"));
    FILE *file = fopen(other, "rb");
    if (file == NULL)
        return NULL;
    fclose(file);
    return idx_read(app, other);
}

static int classify_images(settings *s, classifier *c, const char *path, const oc_tensor *images, const oc_tensor *labels) {
    const oc_shape *shape = oc_tensor_get_shape(images);
    if (shape->rank != 3)
        return app_say("%s holds no grey pictures", path);
    size_t size = (size_t)(shape->dims[1] * shape->dims[2]);
    bool known = labels != NULL && oc_tensor_get_count(labels) >= shape->dims[0];
    int code = EXIT_DONE;
    for (int64_t i = 0; code == EXIT_DONE && i < shape->dims[0] && i < s->first; i++) {
        char name[4200];
        uint8_t *pixels = (uint8_t *)oc_tensor_get_data(images) + (size_t)i * size;
        const picture picture = {(int)shape->dims[2], (int)shape->dims[1], 1, pixels};
        snprintf(name, sizeof(name), "%s[%lld]", path, (long long)i);
        code = classify_picture(s, c, &picture, name, known ? (int64_t)tensor_element(labels, i) : -1);
    }
    return code;
}

static int classify_idx(settings *s, classifier *c, const char *path) {
    if (c->channels != 1)
        return app_say("%s holds grey pictures, the model wants colour", path);
    oc_tensor *images = idx_read(&s->app, path), *labels = labels_of(&s->app, path);
    int code = images != NULL ? classify_images(s, c, path, images, labels) : EXIT_FAILED;
    oc_tensor_destroy(&images);
    oc_tensor_destroy(&labels);
    return code;
}

static int classify_all(settings *s, const arg_list *arguments) {
    classifier classifier;
    if (!app_open(&s->app) || !classifier_open(&classifier, &s->app, arguments->items[0], &s->prepare))
        return EXIT_FAILED;
    int code = EXIT_DONE;
    if (s->app.json)
        json_open('[');
    for (size_t i = 1; i < arguments->count; i++) {
        const char *path = arguments->items[i];
        int one = strstr(path, "-idx3-ubyte") != NULL ? classify_idx(s, &classifier, path) : classify_file(s, &classifier, path);
        code = one != EXIT_DONE ? one : code;
    }
    if (s->app.json)
        json_close();
    else if (s->counted > 0)
        printf("%lld of %lld right (%.2f %%)\n", (long long)s->right, (long long)s->counted,
               100.0 * (double)s->right / (double)s->counted);
    classifier_close(&classifier);
    return code;
}

static int run(const command *command, int argc, char **argv) {
    settings s = {.first = 10, .top = 1};
    arg_list arguments = {0};
    const option options[] = {
        {0, "mean", "A[,B,C]", ARG_TEXT, &s.prepare.mean, "subtracted after scaling, for each channel (default 0)"},
        {0, "std", "A[,B,C]", ARG_TEXT, &s.prepare.deviation, "divided by, last (default 1)"},
        {0, "scale", "X", ARG_TEXT, &s.prepare.scale, "multiplies pixels of 0 to 255 first (default 1/255)"},
        {0, "rgb", NULL, ARG_FLAG, &s.prepare.rgb, "read pictures in colour (default: as the model has channels)"},
        {0, "gray", NULL, ARG_FLAG, &s.prepare.gray, "read pictures in grey"},
        {0, "labels", "FILE", ARG_TEXT, &s.prepare.labels, "names of the classes, a line each"},
        {0, "top", "N", ARG_INTEGER, &s.top, "print the N likeliest classes (default 1)"},
        {0, "first", "N", ARG_INTEGER, &s.first, "of an idx file, take the first N images (default 10)"},
        {0, "draw", NULL, ARG_FLAG, &s.draw, "draw pictures also where there are many"},
        {0, "no-draw", NULL, ARG_FLAG, &s.no_draw, "draw none"},
        DEVICE_OPTION(s.app),
        JSON_OPTION(s.app),
        APP_OPTIONS(s.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && s.prepare.rgb && s.prepare.gray)
        code = args_wrong(command, "--rgb and --gray exclude each other");
    if (code == ARGS_GO_ON)
        code = classify_all(&s, &arguments);
    app_close(&s.app);
    args_free(&arguments);
    return code;
}

const command classify_command = {
    "classify", "MODEL FILE...", "say what is in png, jpg and pgm pictures",
    "Prints label and probability of each picture; pictures of at most 64 by 64 are drawn. A FILE may also be a set of\n"
    "images in idx form (…-images-idx3-ubyte or .gz); with the file of labels beside it, right answers are counted.\n"
    "What an option leaves open is read from the model's metadata: mean, std, scale, color (rgb or gray), labels.\n"
    "The model has one input, (N, C, H, W) or (N, pixels); pictures must have its size. Outputs that are no\n"
    "probabilities go through softmax.\n"
    "JSON: an array of {\"file\",\"class\",\"label\",\"probability\"}.\n",
    run, 2, -1};
