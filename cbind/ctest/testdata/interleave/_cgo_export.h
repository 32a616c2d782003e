#include <stdint.h>
int rain_Progress(uintptr_t);
void rain_Wake_rank(int32_t);
void rain_Wake(void);
