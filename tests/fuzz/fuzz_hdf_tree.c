/* What a child that reads a file hands back, were it taken over by that file.
 */
#include "fuzz.h"

#include <string.h>

#include "io/hdf.h"
#include "io/hdf_record.h"

static const char image[4096];

static void visit(struct hdf *h, const char *path, void *context)
{
    enum hdf_type type;
    struct hdf_shape shape;
    char *text = NULL;
    static double values[sizeof image / 4];
    (void)context;
    if (hdf_inspect(h, path, &type, &shape) == OK) {
        FUZZ_CHECK(hdf_shape_count(&shape) <= COUNT_OF(values));
        hdf_read(h, path, HDF_FLOAT64, values, hdf_shape_count(&shape));
    }
    hdf_get_text(h, path, "xxh3", &text);
    free(text);
    h->rc = OK; /* go on with the next */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct err e = { 0 };
    struct hdf *h = calloc(1, sizeof *h);
    FUZZ_CHECK(h);
    *h = (struct hdf){ .path = "x.h5",
                       .e = &e,
                       .damage_code = ERR_DATA,
                       .remedy = "none",
                       .n_bytes = sizeof image };
    h->bytes = malloc(sizeof image);
    FUZZ_CHECK(h->bytes);
    memcpy(h->bytes, image, sizeof image);
    int rc = hdf_take(h, (const char *)bytes, n);
    fuzz_check_told(rc, &e);
    h->rc = OK;
    hdf_list(h, "/", visit, NULL);
    hdf_list(h, "/param", visit, NULL);
    hdf_free(h);
    return 0;
}
