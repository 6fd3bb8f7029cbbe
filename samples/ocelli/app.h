/* SPDX-License-Identifier: Apache-2.0 */
/* What the sub-commands share: the library's context and device, sentences on stderr, time, numbers of tensors. */
#ifndef APP_H
#define APP_H

#include <ocelli/ocelli.h>

#include "args.h"

#define MOST_DEVICES 16

typedef struct app {
    const char *device_text; /* -d */
    const char *disable;     /* --disable */
    const char *policy;      /* --policy */
    arg_list pins;           /* --pin */
    double wait_limit;       /* --wait-limit */
    bool half_weights;       /* --half-weights */
    bool json, verbose;
    oc_context *context;
    oc_device *device;       /* the first of them */
    oc_device *devices[MOST_DEVICES];
    size_t device_count;
    oc_pin *pin_list;        /* --pin, read */
} app;

/* The options that (nearly) all have; `a` is an app variable. */
#define APP_OPTIONS(a) \
    {'v', "verbose", NULL, ARG_FLAG, &(a).verbose, "say more on stderr: what took how long, which program was built"}
#define DISABLE_OPTION(a) \
    {0, "disable", "NAME,...", ARG_TEXT, &(a).disable, "solvers not to use (default $OCELLI_DISABLE)"}
#define DEVICE_OPTION(a) \
    {'d', "device", "DEV", ARG_TEXT, &(a).device_text, "auto, cpu, gpu, accel, gpu:1, 0:1 (platform:device) or part of a name"}
#define DEVICE_LIST_OPTION(a) \
    {'d', "device", "LIST", ARG_TEXT, &(a).device_text, "auto, cpu, gpu, accel, gpu:1, 0:1 (platform:device), part of a name; or several: 0:0,1:0"}
/* For commands whose plans may use several devices. */
#define PLACE_OPTIONS(a) \
    DEVICE_LIST_OPTION(a), \
    {0, "policy", "P", ARG_TEXT, &(a).policy, "single, pinned, heft, split, pipeline or auto (default, with several devices)"}, \
    {0, "pin", "PATTERN=N", ARG_LIST, &(a).pins, "with policy pinned: nodes of such names (or op:KIND) on the N-th device, from 0"}, \
    {0, "wait-limit", "SECONDS", ARG_NUMBER, &(a).wait_limit, "give a device up that takes longer (with several devices; default never)"}
#define HALF_OPTION(a) \
    {0, "half-weights", NULL, ARG_FLAG, &(a).half_weights, "keep weights in half precision where that takes no longer"}
#define JSON_OPTION(a) {0, "json", NULL, ARG_FLAG, &(a).json, "print JSON instead of text"}

/* Both return false after a sentence on stderr. app_open also opens the device. */
bool app_begin(app *app);
bool app_open(app *app);
/* Adds to params what PLACE_OPTIONS and HALF_OPTION asked for. False after a sentence on stderr. */
bool app_place(app *app, oc_plan_params *params);
void app_close(app *app);

/* "ocelli: sentence" on stderr; both return EXIT_FAILED. */
int app_fail(const oc_error *err);
int app_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

double seconds_now(void);
double median_of(double *values, size_t count); /* sorts them */
bool ends_with(const char *text, const char *end);

/* "N=8" of --dim, into an array to be freed; false after a sentence. */
bool parse_dims(const command *command, const arg_list *list, oc_dim_binding **out);
void free_dims(oc_dim_binding *dims, size_t count);

/* "(1, 3, 224, 224)"; the buffer has 200 bytes. */
const char *shape_text(const oc_shape *shape, char *buffer);
void json_shape(const oc_shape *shape);

/* An element of a dense host tensor. */
double tensor_element(const oc_tensor *tensor, int64_t index);
typedef struct tensor_range {
    double min, max, mean;
    int64_t nans;
} tensor_range;
tensor_range tensor_range_of(const oc_tensor *tensor);
/* Deterministic contents: floats in [0, 1), integers 0 or 1. */
void tensor_fill_random(oc_tensor *tensor, uint64_t seed);

#endif
