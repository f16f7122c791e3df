#include "sweep/sweep_options.h"

#include "sweep/sweep_axis.h"

#define FIELD(f) offsetof(struct sweep_options, f)
const struct key sweep_keys[] = {
    { "jobs", KEY_INT, FIELD(jobs), "0", 0, 4096, NULL, KEY_COSMETIC,
      "runs at once; 0: as many as there are cores and memory for; with "
      "--slurm as many as the cluster gives",
      NULL },
    { "threads", KEY_INT, FIELD(threads), "1", 1, 1024, NULL, KEY_COSMETIC,
      "threads of each run", NULL },
    { "retries", KEY_INT, FIELD(retries), "1", 0, 1000, NULL, KEY_COSMETIC,
      "how often a run that failed is started again (with --slurm never: "
      "submit again)",
      NULL },
    { "seeds", KEY_INT, FIELD(seeds), "0", 0, SWEEP_VALUES_MAX, NULL,
      KEY_COSMETIC,
      "the first so many values of each axis that varies seeds alone, for a "
      "first look; more later add runs to those that are done; 0: all",
      NULL },
    { "reuse", KEY_TEXT, FIELD(reuse), "", 0, 0, NULL, KEY_COSMETIC,
      "folder in which finished runs of the same settings, by the same "
      "program, "
      "are looked for first: they are taken instead of trained",
      NULL },
    { "slurm_partition", KEY_TEXT, FIELD(slurm_partition), "", 0, 0, NULL,
      KEY_COSMETIC, "--slurm: partition; empty: the cluster's default", NULL },
    { "slurm_time", KEY_TEXT, FIELD(slurm_time), "", 0, 0, NULL, KEY_COSMETIC,
      "--slurm: time limit of one job, as 04:00:00, after which it is queued "
      "again and goes on; empty: the partition's",
      NULL },
    { "slurm_mem", KEY_TEXT, FIELD(slurm_mem), "", 0, 0, NULL, KEY_COSMETIC,
      "--slurm: memory of a job, as 4G; empty: what the largest run needs",
      NULL },
    { "slurm_warning_s", KEY_INT, FIELD(slurm_warning_s), "120", 1, 65535, NULL,
      KEY_COSMETIC,
      "--slurm: seconds before the time limit at which a run saves its state "
      "and ends; longer than one step takes",
      NULL },
    { "slurm_ranks", KEY_INT, FIELD(slurm_ranks), "1", 1, 65536, NULL,
      KEY_COSMETIC,
      "--slurm: processes that train each run together, by MPI (SCALING.md)",
      NULL },
    { "slurm_extra", KEY_TEXT, FIELD(slurm_extra), "", 0, 0, NULL, KEY_COSMETIC,
      "--slurm: more options of sbatch, as --account=NAME --qos=NAME", NULL },
};
const idx n_sweep_keys = COUNT_OF(sweep_keys);
#undef FIELD

const char *const sweep_sections[] = { "sweep",   "axes",   "random",
                                       "exclude", "claims", NULL };

void sweep_options_init(struct sweep_options *o)
{
    *o = (struct sweep_options){ 0 };
    key_defaults(sweep_keys, n_sweep_keys, o);
}
