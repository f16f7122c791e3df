#include "io/hdf_library.h"

#include <stdio.h>

const char hdf_image_name[] = "/dev/null/image";

bool hdf_library_start(void)
{
    H5dont_atexit(); /* its exit handler crashes after a failed close */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* messages are ours */
    H5PLset_loading_state(0);              /* no code out of plug-in folders */
    return H5open() >= 0;
}

static herr_t keep_first(unsigned n, const H5E_error2_t *record, void *context)
{
    char *text = context;
    snprintf(text, HDF_REASON_MAX, "%s", record->desc ? record->desc : "");
    (void)n;
    return 1; /* upward walk: the first is where it happened */
}

const char *hdf_library_reason(char text[HDF_REASON_MAX])
{
    snprintf(text, HDF_REASON_MAX, "no reason given");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, text);
    return text;
}

void hdf_library_close(hid_t id)
{
    if (id < 0)
        return;
    switch (H5Iget_type(id)) {
    case H5I_FILE:
        H5Fclose(id);
        break;
    case H5I_GENPROP_LST:
        H5Pclose(id);
        break;
    case H5I_DATASPACE:
        H5Sclose(id);
        break;
    case H5I_ATTR:
        H5Aclose(id);
        break;
    case H5I_DATATYPE: /* a type out of a file is closed as an object is not */
        H5Tclose(id);
        break;
    default:
        H5Oclose(id);
    }
}

hid_t hdf_file_type(enum hdf_type type)
{
    switch (type) {
    case HDF_FLOAT32:
        return H5T_IEEE_F32LE;
    case HDF_FLOAT64:
        return H5T_IEEE_F64LE;
    case HDF_INT64:
        return H5T_STD_I64LE;
    }
    return -1;
}

hid_t hdf_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 &&
        H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    hdf_library_close(type);
    return -1;
}

herr_t hdf_image_free(void *p, H5FD_file_image_op_t op, void *context)
{
    (void)p, (void)op, (void)context;
    return 0;
}

void *hdf_context_copy(void *context)
{
    return context;
}

herr_t hdf_context_free(void *context)
{
    (void)context;
    return 0;
}
