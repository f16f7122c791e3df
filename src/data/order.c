#include "data/order.h"

extern const struct order order_windows, order_epochs, order_documents,
    order_packed;

const struct order *const orders[] = {
    &order_windows, &order_epochs, &order_documents, &order_packed, NULL,
};

const char *order_name(int i)
{
    return i >= 0 && i < COUNT_OF(orders) - 1 ? orders[i]->text.name : NULL;
}
