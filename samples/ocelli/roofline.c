/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli bench --svg: the roofline, a point a problem or step, over logarithmic axes. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"

#define WIDTH 900
#define HEIGHT 560
#define LEFT 70
#define RIGHT 230 /* of it the legend */
#define TOP 50
#define BOTTOM 60

static const char *const colors[] = {"#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e"};
#define COLORS (sizeof(colors) / sizeof(colors[0]))

typedef struct axes {
    double x0, x1, y0, y1; /* decades */
} axes;

static double place_x(const axes *axes, double value) {
    return LEFT + (log10(value) - axes->x0) / (axes->x1 - axes->x0) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const axes *axes, double value) {
    return HEIGHT - BOTTOM - (log10(value) - axes->y0) / (axes->y1 - axes->y0) * (HEIGHT - TOP - BOTTOM);
}

static bool is_shown(const record *r) {
    return r->flops > 0 && r->bytes > 0 && r->median > 0;
}

static void put_text(FILE *file, const char *text) {
    for (; *text != 0; text++)
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            fprintf(file, "&#%d;", *text);
        else
            fputc(*text, file);
}

/* Whole decades around the peaks and all points. */
static axes make_axes(const bench *b) {
    double ridge = b->peaks.flops / b->peaks.bytes, x0 = ridge / 10, x1 = ridge * 10, y0 = b->peaks.flops / 100, y1 = b->peaks.flops;
    for (size_t i = 0; i < b->record_count; i++) {
        const record *r = &b->records[i];
        if (!is_shown(r))
            continue;
        x0 = fmin(x0, r->flops / r->bytes);
        x1 = fmax(x1, r->flops / r->bytes);
        y0 = fmin(y0, r->flops / r->median);
        y1 = fmax(y1, r->flops / r->median);
    }
    return (axes){floor(log10(x0)), ceil(log10(x1)), floor(log10(y0 * 1e-9)), ceil(log10(y1 * 1.1e-9))};
}

static void put_grid(FILE *file, const axes *axes) {
    for (double d = axes->x0; d <= axes->x1; d++) {
        double x = place_x(axes, pow(10, d));
        fprintf(file, "<path class=\"grid\" d=\"M%.1f %d V%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", x, TOP,
                HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, pow(10, d));
    }
    for (double d = axes->y0; d <= axes->y1; d++) {
        double y = place_y(axes, pow(10, d));
        fprintf(file, "<path class=\"grid\" d=\"M%d %.1f H%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT, y,
                WIDTH - RIGHT, LEFT - 6, y + 4, pow(10, d));
    }
    fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">arithmetic intensity, FLOP/byte</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 42);
    fprintf(file, "<text x=\"18\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 18 %d)\">GFLOP/s</text>\n", HEIGHT / 2,
            HEIGHT / 2);
}

/* The slope is cut by the lower edge, the roof ends at the right one. */
static void put_roof(FILE *file, const bench *b, const axes *axes) {
    double flops = 1e-9 * b->peaks.flops, bytes = 1e-9 * b->peaks.bytes, ridge = flops / bytes;
    double from = fmax(pow(10, axes->x0), pow(10, axes->y0) / bytes);
    fprintf(file, "<path class=\"roof\" d=\"M%.1f %.1f L%.1f %.1f H%d\"/>\n", place_x(axes, from), place_y(axes, from * bytes),
            place_x(axes, ridge), place_y(axes, flops), WIDTH - RIGHT);
    fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f GFLOP/s</text>\n", WIDTH - RIGHT - 4, place_y(axes, flops) - 6,
            flops);
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.1f GB/s</text>\n", place_x(axes, ridge) - 30, place_y(axes, flops) - 6,
            bytes);
}

static size_t color_of(const char **solvers, size_t *count, const char *solver) {
    size_t at = 0;
    while (at < *count && strcmp(solvers[at], solver) != 0)
        at++;
    if (at == *count)
        solvers[(*count)++] = solver;
    return at;
}

/* Areas are as times; returns how many have no arithmetic. */
static size_t put_points(FILE *file, const bench *b, const axes *axes, const char **solvers, size_t *count) {
    double longest = 0;
    size_t hidden = 0;
    for (size_t i = 0; i < b->record_count; i++)
        longest = fmax(longest, b->records[i].median);
    for (size_t i = 0; i < b->record_count; i++) {
        const record *r = &b->records[i];
        if (!is_shown(r)) {
            hidden++;
            continue;
        }
        fprintf(file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"><title>", place_x(axes, r->flops / r->bytes),
                place_y(axes, 1e-9 * r->flops / r->median), 2.5 + 9 * sqrt(r->median / longest),
                colors[color_of(solvers, count, r->solver) % COLORS]);
        put_text(file, r->problem);
        fprintf(file, "&#10;%s, %.4f ms, %.1f GFLOP/s, %.0f %% of the peak</title></circle>\n", r->solver, 1e3 * r->median,
                1e-9 * r->flops / r->median, 100 * share_of(b, r).largest);
    }
    return hidden;
}

static void put_legend(FILE *file, const char **solvers, size_t count, size_t hidden) {
    int x = WIDTH - RIGHT + 20, y = TOP + 10;
    for (size_t i = 0; i < count; i++, y += 20) {
        fprintf(file, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">", x, y - 4, colors[i % COLORS], x + 12, y);
        put_text(file, solvers[i]);
        fputs("</text>\n", file);
    }
    if (hidden > 0)
        fprintf(file, "<text x=\"%d\" y=\"%d\">%zu without arithmetic</text>\n", x - 5, y + 10, hidden);
}

int roofline_write(const bench *b, const char *path) {
    const char **solvers = calloc(b->record_count + 1, sizeof(*solvers));
    FILE *file = solvers != NULL ? fopen(path, "w") : NULL;
    size_t count = 0;
    if (file == NULL) {
        free(solvers);
        return app_say("%s cannot be written: %s", path, strerror(errno));
    }
    axes axes = make_axes(b);
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                  "<style>.grid{stroke:#ddd}.roof{stroke:#333;stroke-width:2;fill:none}circle{fill-opacity:.7}</style>\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"26\" font-size=\"15\">", WIDTH, HEIGHT, LEFT);
    put_text(file, oc_device_get_info(b->app.device)->name);
    fputs(": roofline, areas as times</text>\n", file);
    put_grid(file, &axes);
    put_roof(file, b, &axes);
    size_t hidden = put_points(file, b, &axes, solvers, &count);
    put_legend(file, solvers, count, hidden);
    fputs("</svg>\n", file);
    free(solvers);
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? app_say("%s cannot be written: %s", path, strerror(errno)) : EXIT_DONE;
}
