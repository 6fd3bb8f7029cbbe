/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "json.h"
#include "session.h"

typedef struct settings {
    app app;
    arg_list inputs, outputs, dims;
    int64_t repeat, seed;
    bool plan, why;
} settings;

typedef struct times {
    double prepare, first, median, min; /* seconds */
} times;

/* "NAME=FILE": the file; NAME is cut off in a copy. */
static const char *split(const char *text, char *name, size_t size) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || (size_t)(equals - text) >= size || equals[1] == 0)
        return NULL;
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = 0;
    return equals + 1;
}

static oc_status read_file(oc_tensor **out, oc_context *context, const char *path, oc_error *err) {
    return ends_with(path, ".pb") ? oc_onnx_read_tensor(out, context, path, NULL, 0, err) : oc_npy_read(out, context, path, err);
}

static int feed_file(const settings *s, session *session, const char *name, const char *path) {
    oc_error err = {0};
    oc_tensor *tensor = session_find(session, name), *loaded;
    char wanted[200], got[200];
    if (tensor == NULL)
        return app_say("the model has no input '%s'", name);
    if (read_file(&loaded, s->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    oc_dtype from = oc_tensor_get_dtype(loaded), to = oc_tensor_get_dtype(tensor);
    bool fits = from == to && oc_shape_equal(oc_tensor_get_shape(loaded), oc_tensor_get_shape(tensor));
    int code = EXIT_DONE;
    if (!fits)
        code = app_say("%s is %s of %s; input '%s' is %s of %s (sizes that are symbols are set by --dim)", path,
                       shape_text(oc_tensor_get_shape(loaded), got), oc_dtype_name(from), name,
                       shape_text(oc_tensor_get_shape(tensor), wanted), oc_dtype_name(to));
    else if (oc_tensor_copy(tensor, loaded, &err) != OC_OK)
        code = app_fail(&err);
    oc_tensor_destroy(&loaded);
    return code;
}

static bool is_given(const settings *s, const char *name) {
    char own[256];
    for (size_t i = 0; i < s->inputs.count; i++)
        if (split(s->inputs.items[i], own, sizeof(own)) != NULL && strcmp(own, name) == 0)
            return true;
    return false;
}

static int feed(const settings *s, session *session) {
    char text[256];
    for (size_t i = 0; i < s->inputs.count; i++) {
        const char *path = split(s->inputs.items[i], text, sizeof(text));
        int code = feed_file(s, session, text, path);
        if (code != EXIT_DONE)
            return code;
    }
    for (size_t i = 0; i < session->input_count; i++) {
        const oc_binding *input = &session->inputs[i];
        if (is_given(s, input->name))
            continue;
        tensor_fill_random(input->tensor, (uint64_t)s->seed + i);
        fprintf(stderr, "ocelli: input '%s' %s of %s is filled from seed %lld\n", input->name,
                shape_text(oc_tensor_get_shape(input->tensor), text), oc_dtype_name(oc_tensor_get_dtype(input->tensor)),
                (long long)s->seed);
    }
    return EXIT_DONE;
}

static int write_outputs(const settings *s, session *session) {
    char name[256];
    for (size_t i = 0; i < s->outputs.count; i++) {
        oc_error err = {0};
        const char *path = split(s->outputs.items[i], name, sizeof(name));
        oc_tensor *tensor = session_find(session, name);
        if (tensor == NULL)
            return app_say("the model has no output '%s'", name);
        if (oc_npy_write(tensor, path, &err) != OC_OK)
            return app_fail(&err);
    }
    return EXIT_DONE;
}

static int run_all(const settings *s, session *session, times *times) {
    oc_error err = {0};
    double *seconds = calloc((size_t)s->repeat, sizeof(*seconds));
    if (seconds == NULL)
        return app_say("out of memory");
    for (int64_t i = 0; i < s->repeat; i++) {
        double begin = seconds_now();
        if (session_run(session, &err) != OC_OK) {
            free(seconds);
            return app_fail(&err);
        }
        seconds[i] = seconds_now() - begin;
    }
    size_t skip = s->repeat > 1 ? 1 : 0; /* the first run is reported on its own */
    times->first = seconds[0];
    times->median = median_of(seconds + skip, (size_t)s->repeat - skip);
    times->min = seconds[skip];
    free(seconds);
    return EXIT_DONE;
}

static void report_json(const settings *s, const session *session, const times *times) {
    oc_plan_info info = oc_plan_get_info(session->plan);
    json_open('{');
    json_key("device");
    json_text(oc_device_get_info(s->app.device)->name);
    if (oc_plan_get_forecast(session->plan).policy != NULL) {
        json_key("policy");
        json_text(oc_plan_get_forecast(session->plan).policy);
    }
    json_key("prepare_ms");
    json_number(1e3 * times->prepare);
    json_key("first_ms");
    json_number(1e3 * times->first);
    json_key("median_ms");
    json_number(1e3 * times->median);
    json_key("min_ms");
    json_number(1e3 * times->min);
    json_key("arena_bytes");
    json_integer((int64_t)info.arena_bytes);
    json_key("liveness_bytes");
    json_integer((int64_t)info.liveness_bytes);
    json_key("weight_bytes");
    json_integer((int64_t)info.derived_bytes);
    json_key("steps");
    json_integer((int64_t)info.step_count);
    json_key("programs");
    json_integer((int64_t)info.program_count);
    json_key("outputs");
    json_open('{');
    for (size_t i = 0; i < session->output_count; i++) {
        tensor_range range = tensor_range_of(session->outputs[i].tensor);
        json_key(session->outputs[i].name);
        json_open('{');
        json_key("shape");
        json_shape(oc_tensor_get_shape(session->outputs[i].tensor));
        json_key("min");
        json_number(range.min);
        json_key("max");
        json_number(range.max);
        json_key("mean");
        json_number(range.mean);
        json_close();
    }
    json_close();
    json_close();
}

/* With several devices: what each did, as was expected and as it came. */
static void report_parts(const session *session) {
    oc_plan_forecast forecast = oc_plan_get_forecast(session->plan);
    if (forecast.policy == NULL)
        return;
    printf("policy   %s: about %.3f ms\n", forecast.policy, 1e3 * forecast.predicted_seconds);
    for (size_t i = 0; i < forecast.part_count; i++) {
        oc_plan_part part = oc_plan_get_part(session->plan, i);
        oc_part_time time = oc_exec_get_part_time(session->exec, i);
        printf("part     on %zu: %zu steps from %s, about %.3f ms; was %.3f ms from %.3f on", part.device, part.step_count, part.name,
               1e3 * part.seconds, 1e3 * time.seconds, 1e3 * time.start);
        if (part.rows >= 0)
            printf(", %lld rows", (long long)part.rows);
        printf("\n");
    }
}

static void report_text(const settings *s, const session *session, const times *times) {
    char text[200];
    oc_plan_info info = oc_plan_get_info(session->plan);
    for (size_t i = 0; i < s->app.device_count; i++)
        printf("device   %s\n", oc_device_get_info(s->app.devices[i])->name);
    report_parts(session);
    printf("prepare  %.1f ms\nfirst    %.3f ms\nmedian   %.3f ms\nmin      %.3f ms  (%lld runs)\n", 1e3 * times->prepare,
           1e3 * times->first, 1e3 * times->median, 1e3 * times->min, (long long)s->repeat);
    printf("arena    %.1f KiB, at least %.1f; packed weights %.1f KiB\nplan     %zu steps, %zu programs\n",
           (double)info.arena_bytes / 1024, (double)info.liveness_bytes / 1024, (double)info.derived_bytes / 1024, info.step_count,
           info.program_count);
    for (size_t i = 0; i < session->output_count; i++) {
        tensor_range range = tensor_range_of(session->outputs[i].tensor);
        printf("output   %s %s of %s: min %.6g, max %.6g, mean %.6g\n", session->outputs[i].name,
               shape_text(oc_tensor_get_shape(session->outputs[i].tensor), text),
               oc_dtype_name(oc_tensor_get_dtype(session->outputs[i].tensor)), range.min, range.max, range.mean);
    }
}

static void print_piece(void *user, const char *text, size_t size) {
    fwrite(text, 1, size, user);
}

static int run_session(const settings *s, session *session, double begin) {
    times times = {0};
    int code = feed(s, session);
    if (code != EXIT_DONE)
        return code;
    if (s->plan || s->why)
        oc_plan_print(session->plan, s->why, &(oc_writer){print_piece, stderr});
    times.prepare = seconds_now() - begin;
    code = run_all(s, session, &times);
    if (code == EXIT_DONE)
        code = write_outputs(s, session);
    if (code == EXIT_DONE)
        (s->app.json ? report_json : report_text)(s, session, &times);
    return code;
}

static int run_model(settings *s, const char *path, const oc_dim_binding *dims) {
    double begin = seconds_now();
    oc_error err = {0};
    oc_graph *graph = NULL;
    session session;
    if (!app_open(&s->app))
        return EXIT_FAILED;
    if (oc_onnx_read(&graph, s->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    oc_plan_params params = {.dims = dims, .dim_count = s->dims.count, .default_dim = 1};
    if (!app_place(&s->app, &params)) {
        oc_graph_destroy(&graph);
        return EXIT_FAILED;
    }
    oc_status status = session_open(&session, &s->app, graph, NULL, &params, &err);
    oc_graph_destroy(&graph);
    if (status != OC_OK)
        return app_fail(&err);
    int code = run_session(s, &session, begin);
    session_close(&session);
    return code;
}

static int check_pairs(const command *command, const char *option, const arg_list *list) {
    char name[256];
    for (size_t i = 0; i < list->count; i++)
        if (split(list->items[i], name, sizeof(name)) == NULL)
            return args_wrong(command, "%s wants NAME=FILE, not '%s'", option, list->items[i]);
    return ARGS_GO_ON;
}

static int run(const command *command, int argc, char **argv) {
    settings s = {.repeat = 1};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {'i', "input", "NAME=FILE", ARG_LIST, &s.inputs, "give an input: .npy, or .pb (a serialized ONNX tensor)"},
        {'o', "output", "NAME=FILE", ARG_LIST, &s.outputs, "write an output as .npy"},
        {0, "dim", "NAME=SIZE", ARG_LIST, &s.dims, "the size that a symbol of the model stands for (default 1)"},
        {0, "repeat", "N", ARG_INTEGER, &s.repeat, "run N times (default 1)"},
        {0, "seed", "N", ARG_INTEGER, &s.seed, "seed of the inputs that are not given (default 0)"},
        {0, "plan", NULL, ARG_FLAG, &s.plan, "print the plan to stderr"},
        {0, "why", NULL, ARG_FLAG, &s.why, "the same with each solver that was considered: its time, or why it was refused"},
        DISABLE_OPTION(s.app),
        HALF_OPTION(s.app),
        PLACE_OPTIONS(s.app),
        JSON_OPTION(s.app),
        APP_OPTIONS(s.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON)
        code = check_pairs(command, "--input", &s.inputs);
    if (code == ARGS_GO_ON)
        code = check_pairs(command, "--output", &s.outputs);
    if (code == ARGS_GO_ON && s.repeat < 1)
        code = args_wrong(command, "--repeat wants at least 1");
    if (code == ARGS_GO_ON && !parse_dims(command, &s.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = run_model(&s, arguments.items[0], dims);
    app_close(&s.app);
    free_dims(dims, s.dims.count);
    args_free(&s.inputs);
    args_free(&s.outputs);
    args_free(&s.dims);
    args_free(&arguments);
    return code;
}

const command run_command = {
    "run", "MODEL", "run an ONNX model and tell its times and outputs",
    "Inputs that are not given are filled from a seed (floats in [0, 1), integers 0 or 1), which is said on stderr.\n"
    "Times are from inputs in host memory to outputs in host memory. With --repeat, median and min leave out the first\n"
    "run. prepare is all before it: opening the device, reading the file, compiling.\n"
    "With several devices (-d 0:0,0:1) a policy places the network on them; see `ocelli plan`.\n"
    "JSON: {\"device\",[\"policy\",]\"prepare_ms\",\"first_ms\",\"median_ms\",\"min_ms\",\"arena_bytes\",\n"
    "\"liveness_bytes\",\"weight_bytes\",\"steps\",\"programs\",\"outputs\":{NAME:{\"shape\",\"min\",\"max\",\"mean\"}}}.\n",
    run, 1, 1};
