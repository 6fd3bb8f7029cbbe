/* SPDX-License-Identifier: Apache-2.0 */
/* Oclgrind 21.10 with OCLGRIND_UNINITIALIZED=1: its check for uninitialized memory does not know LLVM's freeze, and ends the process. A
 * loop whose bound comes from a function is enough, at -O1 and above.
 *
 * test/kit/drivers.py has the check off; races and addresses are checked. */
#include "reproducer.h"

#include <unistd.h>

/* What the process has written to the file that became its stderr has this text in it. */
static int said(FILE *log, const char *text) {
    char buffer[4096];
    rewind(log);
    buffer[fread(buffer, 1, sizeof(buffer) - 1, log)] = 0;
    return strstr(buffer, text) != NULL;
}

int main(void) {
    int data[4] = {1, 1, 1, 1};
    FILE *log = tmpfile();
    setenv("OCLGRIND_UNINITIALIZED", "1", 1);
    open_driver("Oclgrind");
    dup2(fileno(log), 2);
    cl_kernel kernel = build("__kernel void most(__global int *x) { long at = 0, n = 4, i = get_global_id(0), outer = i / n;\n"
                             "int best = x[outer]; for (long k = 1; k < n; k++) { int v = x[k]; if (v > best || (v != v && best == best))\n"
                             "{ best = v; at = k; } } x[outer + i % n] = (int)at + best; }", "most");
    run(kernel, 4, data, sizeof(data));
    return verdict(said(log, "Unsupported instruction: freeze"), "the check for uninitialized memory does not know freeze");
}
