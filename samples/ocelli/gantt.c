/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli plan --svg and --trace: what each device does when. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "planner.h"

#define WIDTH 1100
#define LEFT 150
#define ROW 34
#define TOP 40

/* For XML and JSON alike: what either treats specially is left out. */
static void put_plain(FILE *file, const char *text) {
    for (; *text != 0; text++)
        if ((unsigned char)*text >= ' ' && strchr("<>&\"\\", *text) == NULL)
            fputc(*text, file);
}

static double end_of(const planner *p) {
    double end = 1e-9;
    for (size_t i = 0; i < p->span_count; i++)
        end = fmax(end, p->spans[i].start + p->spans[i].seconds);
    return end;
}

static int close_file(FILE *file, const char *path) {
    int broken = ferror(file);
    if (fclose(file) != 0 || broken)
        return app_say("%s: %s", path, strerror(errno));
    return EXIT_DONE;
}

static void put_spans(FILE *file, const planner *p, double end) {
    static const char *const colors[] = {"#4269d0", "#efb118", "#3ca951", "#ff725c", "#6cc5b0", "#a463f2"};
    for (size_t i = 0; i < p->span_count; i++) {
        const span *s = &p->spans[i];
        double x = LEFT + s->start / end * (WIDTH - LEFT - 20), width = fmax(s->seconds / end * (WIDTH - LEFT - 20), 0.5);
        fprintf(file, "<rect x=\"%.2f\" y=\"%zu\" width=\"%.2f\" height=\"%d\" fill=\"%s\" stroke=\"#fff\" stroke-width=\"0.3\"><title>", x,
                TOP + s->device * ROW, width, ROW - 8, colors[s->device % 6]);
        put_plain(file, s->name);
        fprintf(file, ": %.4f ms from %.4f</title></rect>\n", 1e3 * s->seconds, 1e3 * s->start);
    }
}

int gantt_svg(const planner *p, const char *path) {
    oc_plan_forecast forecast = oc_plan_get_forecast(p->plan);
    double end = end_of(p);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return app_say("%s: %s", path, strerror(errno));
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"10\" y=\"20\">policy ", WIDTH,
            TOP + forecast.device_count * ROW + 30);
    put_plain(file, forecast.policy);
    fprintf(file, ", %s: %.3f ms</text>\n", p->measured ? "as measured" : "as predicted", 1e3 * end);
    for (size_t d = 0; d < forecast.device_count; d++) {
        fprintf(file, "<text x=\"10\" y=\"%zu\">", TOP + d * ROW + 17);
        char name[20];
        snprintf(name, sizeof(name), "%s", oc_plan_get_device_name(p->plan, d));
        put_plain(file, name);
        fprintf(file, "</text>\n");
    }
    put_spans(file, p, end);
    for (int i = 0; i <= 10; i++)
        fprintf(file, "<text x=\"%d\" y=\"%zu\" text-anchor=\"middle\" fill=\"#666\">%.2f</text>\n", LEFT + i * (WIDTH - LEFT - 20) / 10,
                TOP + forecast.device_count * ROW + 15, 1e3 * end * i / 10);
    fprintf(file, "</svg>\n");
    return close_file(file, path);
}

int gantt_trace(const planner *p, const char *path) {
    oc_plan_forecast forecast = oc_plan_get_forecast(p->plan);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return app_say("%s: %s", path, strerror(errno));
    fprintf(file, "{\"traceEvents\":[\n");
    for (size_t d = 0; d < forecast.device_count; d++) {
        fprintf(file, "{\"ph\":\"M\",\"pid\":0,\"tid\":%zu,\"name\":\"thread_name\",\"args\":{\"name\":\"%zu: ", d, d);
        put_plain(file, oc_plan_get_device_name(p->plan, d));
        fprintf(file, "\"}},\n");
    }
    for (size_t i = 0; i < p->span_count; i++) {
        const span *s = &p->spans[i];
        fprintf(file, "{\"ph\":\"X\",\"pid\":0,\"tid\":%zu,\"ts\":%.3f,\"dur\":%.3f,\"name\":\"", s->device, 1e6 * s->start, 1e6 * s->seconds);
        put_plain(file, s->name[0] != 0 ? s->name : "group");
        fprintf(file, "\"}%s\n", i + 1 < p->span_count ? "," : "");
    }
    fprintf(file, "],\"displayTimeUnit\":\"ms\"}\n");
    return close_file(file, path);
}
