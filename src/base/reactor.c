/* The entry point that a WebAssembly "reactor" must have. The core has no static constructors, so it does nothing. */
void _initialize(void);
void _initialize(void) {}
