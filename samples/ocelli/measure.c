/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli plan --measure */
#include <stdlib.h>

#include "planner.h"

#define RUNS 9
#define TIMED_RUNS 4

static oc_status run_some(planner *p, oc_error *err) {
    double seconds[RUNS];
    for (size_t i = 0; i < p->session.input_count; i++)
        tensor_fill_random(p->session.inputs[i].tensor, i);
    for (int i = -1; i < RUNS; i++) {
        double begin = seconds_now();
        oc_status status = session_run(&p->session, err);
        if (status != OC_OK)
            return status;
        seconds[i < 0 ? 0 : i] = seconds_now() - begin;
    }
    p->median = median_of(seconds, RUNS);
    return OC_OK;
}

/* Step times of several runs, for later plans; then one more run without the clock, whose pieces are shown. */
static oc_status remember(planner *p, oc_error *err) {
    oc_status status = oc_exec_set_profiling(p->session.exec, true, err);
    if (status == OC_OK)
        status = session_run(&p->session, err);
    for (int i = 0; status == OC_OK && i < TIMED_RUNS; i++) {
        status = session_run(&p->session, err);
        if (status == OC_OK)
            status = oc_exec_remember(p->session.exec, err);
    }
    if (status == OC_OK)
        status = oc_exec_set_profiling(p->session.exec, false, err);
    return status == OC_OK ? session_run(&p->session, err) : status;
}

/* Rows a second of each device, as it was. */
static bool speeds_seen(const planner *p, double *speeds) {
    oc_plan_forecast forecast = oc_plan_get_forecast(p->session.plan);
    for (size_t i = 0; i < forecast.part_count; i++) {
        oc_plan_part part = oc_plan_get_part(p->session.plan, i);
        oc_part_time time = oc_exec_get_part_time(p->session.exec, i);
        if (part.rows <= 0 || !(time.seconds > 0))
            return false;
        speeds[part.device] = (double)part.rows / time.seconds;
    }
    return true;
}

int measure_plan(planner *p, const oc_graph *graph, oc_plan_params *params) {
    oc_error err = {0};
    double speeds[MOST_DEVICES] = {0};
    params->forecast = false;
    for (int round = 0; round < (p->rebalance ? 2 : 1); round++) {
        session_close(&p->session);
        if (session_open(&p->session, &p->app, graph, NULL, params, &err) != OC_OK || run_some(p, &err) != OC_OK ||
            remember(p, &err) != OC_OK)
            return app_fail(&err);
        if (p->rebalance && !speeds_seen(p, speeds))
            return app_say("--rebalance wants policy split");
        params->shares = speeds;
    }
    params->shares = NULL;
    p->measured = true;
    if (oc_plan_get_placement(p->session.plan) != NULL)
        return EXIT_DONE;
    params->forecast = true; /* one device: no pieces, so the groups are shown */
    return oc_plan_create(&p->forecast, graph, p->app.devices, p->app.device_count, params, &err) == OC_OK ? EXIT_DONE : app_fail(&err);
}
