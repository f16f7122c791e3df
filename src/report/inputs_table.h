/* inputs_table.h - the inputs that `sinklab inputs` measures on, and the table
 * of runs by input. */
#ifndef SINKLAB_INPUTS_TABLE_H
#define SINKLAB_INPUTS_TABLE_H

#include <sys/types.h>

#include "data/input.h"
#include "io/grid.h"
#include "metric/columns.h"
#include "report/run_data.h"

/* An input is a column; its analysis has this name. */
struct measured_input {
    const char *name;
    enum input_kind kind;
    bool no_bos;
};
enum { MEASURED_INPUTS = 8 };
extern const struct measured_input measured_inputs[MEASURED_INPUTS];

/* A run, a line of the table. Zeroed, it may be released. */
struct input_row {
    const char *path;  /* borrowed */
    const char *label; /* what tells it from the others */
    dev_t device;      /* together with inode: which folder */
    ino_t inode;
    bool has[MEASURED_INPUTS];
    bool is_bare; /* its data have no BOS */
    bool is_text; /* are they anything but random tokens? */
    struct run_data of[MEASURED_INPUTS]; /* read, as far as it has the input */
};

/* inputs_grid - fill a zeroed grid: rows (n) by input, of the metrics (k), for
 * people or with all digits for a file. OK or ERR_MEMORY. */
int inputs_grid(struct grid *g, struct input_row *rows, idx n,
                const char *const *metrics, idx k, bool is_file, struct err *e);

#endif
