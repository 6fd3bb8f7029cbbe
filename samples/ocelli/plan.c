/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli plan */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "planner.h"

/* What devices do when: the pieces as they were run, else the groups as they are expected. */
static bool collect_spans(planner *p) {
    const oc_placement *placement = oc_plan_get_placement(p->plan);
    oc_plan_forecast forecast = oc_plan_get_forecast(p->plan);
    bool split = oc_plan_get_share(p->plan, 0) >= 0, pieces = p->measured && forecast.part_count > 0;
    size_t count = pieces ? forecast.part_count : split ? forecast.device_count : placement->group_count;
    double *times = calloc(2 * count + 1, sizeof(*times));
    p->spans = calloc(count + 1, sizeof(*p->spans));
    if (times == NULL || p->spans == NULL) {
        free(times);
        return false;
    }
    if (!pieces && !split)
        oc_placement_predict(placement, times, times + count);
    for (size_t i = 0; i < count; i++) {
        span *s = &p->spans[p->span_count];
        if (pieces) {
            oc_plan_part part = oc_plan_get_part(p->plan, i);
            oc_part_time time = oc_exec_get_part_time(p->session.exec, i);
            *s = (span){part.name, part.device, time.start, time.seconds};
        } else if (split) {
            *s = (span){"its share of the batch", i, 0, oc_plan_get_share(p->plan, i) > 0 ? forecast.predicted_seconds : 0};
        } else {
            *s = (span){placement->names[i], (size_t)placement->device_of[i], times[i], times[count + i] - times[i]};
        }
        p->span_count += s->seconds > 0 || !split;
    }
    free(times);
    return true;
}

static double busy_seconds(const planner *p, size_t device) {
    double sum = 0;
    for (size_t i = 0; i < p->span_count; i++)
        sum += p->spans[i].device == device ? p->spans[i].seconds : 0;
    return sum;
}

static void number(const char *key, double value) {
    json_key(key);
    json_number(value);
}

static void report_json(const planner *p) {
    oc_plan_forecast f = oc_plan_get_forecast(p->plan);
    json_open('{');
    json_key("policy");
    json_text(f.policy);
    json_key("devices");
    json_open('[');
    for (size_t d = 0; d < f.device_count; d++) {
        json_open('{');
        json_key("name");
        json_text(oc_plan_get_device_name(p->plan, d));
        number("busy_ms", 1e3 * busy_seconds(p, d));
        json_key("share");
        if (oc_plan_get_share(p->plan, d) >= 0)
            json_integer(oc_plan_get_share(p->plan, d));
        else
            json_null();
        json_close();
    }
    json_close();
    json_key("groups");
    json_open('[');
    for (size_t i = 0; i < p->span_count; i++) {
        json_open('{');
        json_key("name");
        json_text(p->spans[i].name);
        json_key("device");
        json_integer((int64_t)p->spans[i].device);
        number("start_ms", 1e3 * p->spans[i].start);
        number("ms", 1e3 * p->spans[i].seconds);
        json_close();
    }
    json_close();
    number("predicted_ms", 1e3 * f.predicted_seconds);
    number("measured_ms", p->measured ? 1e3 * p->median : NAN);
    json_key("transfer_bytes");
    json_integer((int64_t)f.transfer_bytes);
    number("lower_bound_ms", 1e3 * f.bound_seconds);
    number("interval_ms", 1e3 * f.interval_seconds);
    json_close();
}

static void report_text(const planner *p) {
    oc_plan_forecast f = oc_plan_get_forecast(p->plan);
    printf("policy     %s\npredicted  %.3f ms a run (no less than %.3f), %.3f ms between the inputs of a stream\n", f.policy,
           1e3 * f.predicted_seconds, 1e3 * f.bound_seconds, 1e3 * f.interval_seconds);
    if (p->measured)
        printf("measured   %.3f ms, %.2f times what was predicted\n", 1e3 * p->median, p->median / f.predicted_seconds);
    printf("transfers  %.1f KiB from device to device\n", (double)f.transfer_bytes / 1024);
    for (size_t d = 0; d < f.device_count; d++) {
        printf("device %-3zu %s: busy %.3f ms", d, oc_plan_get_device_name(p->plan, d), 1e3 * busy_seconds(p, d));
        if (oc_plan_get_share(p->plan, d) >= 0)
            printf(", %lld rows", (long long)oc_plan_get_share(p->plan, d));
        printf("\n");
    }
    for (size_t i = 0; i < p->span_count; i++)
        printf("  %10.3f ms + %8.3f on %zu  %s\n", 1e3 * p->spans[i].start, 1e3 * p->spans[i].seconds, p->spans[i].device, p->spans[i].name);
}

static int show(planner *p) {
    int code = EXIT_DONE;
    if (!collect_spans(p))
        return app_say("out of memory");
    if (p->svg != NULL)
        code = gantt_svg(p, p->svg);
    if (code == EXIT_DONE && p->trace != NULL)
        code = gantt_trace(p, p->trace);
    if (code != EXIT_DONE)
        return code;
    if (p->why != NULL)
        return print_why(p, p->why);
    if (p->dot)
        print_dot(p);
    else
        (p->app.json ? report_json : report_text)(p);
    return EXIT_DONE;
}

static int plan_model(planner *p, const char *path, const oc_dim_binding *dims) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    if (!(p->machine != NULL ? app_begin : app_open)(&p->app))
        return EXIT_FAILED;
    if (oc_onnx_read(&graph, p->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    oc_plan_params params = {.dims = dims, .dim_count = p->dims.count, .default_dim = 1, .forecast = true, .machine = p->machine};
    int code = EXIT_DONE;
    if (!app_place(&p->app, &params))
        code = EXIT_FAILED;
    if (params.policy == NULL)
        params.policy = "auto";
    if (code == EXIT_DONE && p->measure)
        code = measure_plan(p, graph, &params);
    else if (code == EXIT_DONE && oc_plan_create(&p->forecast, graph, p->app.devices, p->app.device_count, &params, &err) != OC_OK)
        code = app_fail(&err);
    oc_graph_destroy(&graph);
    p->plan = p->forecast != NULL ? p->forecast : p->session.plan;
    if (code == EXIT_DONE)
        code = show(p);
    oc_plan_destroy(&p->forecast);
    session_close(&p->session);
    return code;
}

static int run(const command *command, int argc, char **argv) {
    planner p = {0};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "machine", "FILE", ARG_TEXT, &p.machine, "plan for the devices that a file describes (samples/machines)"},
        {0, "measure", NULL, ARG_FLAG, &p.measure, "run it too, say what it took, and remember the steps' times for later plans"},
        {0, "rebalance", NULL, ARG_FLAG, &p.rebalance, "with --measure and policy split: share the batch by what was measured"},
        {0, "why", "NODE", ARG_TEXT, &p.why, "print what this node would cost on each device, instead"},
        {0, "dot", NULL, ARG_FLAG, &p.dot, "print groups and transfers for Graphviz, instead"},
        {0, "svg", "FILE", ARG_TEXT, &p.svg, "draw what each device does when"},
        {0, "trace", "FILE", ARG_TEXT, &p.trace, "write the same as a trace that Perfetto and Chrome show"},
        {0, "dim", "NAME=SIZE", ARG_LIST, &p.dims, "the size that a symbol of the model stands for (default 1)"},
        DISABLE_OPTION(p.app),
        PLACE_OPTIONS(p.app),
        JSON_OPTION(p.app),
        APP_OPTIONS(p.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && p.machine != NULL && (p.measure || p.app.device_text != NULL))
        code = args_wrong(command, "--machine is only described: there is nothing for --measure or --device");
    if (code == ARGS_GO_ON && p.rebalance && !p.measure)
        code = args_wrong(command, "--rebalance needs --measure");
    if (code == ARGS_GO_ON && p.app.json && p.dot)
        code = args_wrong(command, "--dot is not printed as JSON");
    if (code == ARGS_GO_ON && !parse_dims(command, &p.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = plan_model(&p, arguments.items[0], dims);
    free(p.spans);
    app_close(&p.app);
    free_dims(dims, p.dims.count);
    args_free(&p.dims);
    args_free(&arguments);
    return code;
}

const command plan_command = {
    "plan", "MODEL", "show which device would compute what, and when",
    "Costs come from what was measured (`ocelli tune`, --measure), else from estimates that a calibration of each device has\n"
    "set right (about a second a device, kept in the cache folder). Only --measure builds and runs the network.\n"
    "Policies: single (the fastest device), pinned (as --pin says), heft (nodes by urgency, each where it ends first),\n"
    "split (the batch cut by speed), pipeline (stages, for streams), auto (the best of single, heft and split).\n"
    "JSON: {\"policy\",\"devices\":[{\"name\",\"busy_ms\",\"share\"}],\"groups\":[{\"name\",\"device\",\"start_ms\",\"ms\"}],\n"
    "\"predicted_ms\",\"measured_ms\",\"transfer_bytes\",\"lower_bound_ms\",\"interval_ms\"}; measured_ms is null without\n"
    "--measure.\n",
    run, 1, 1};
