/* Which engine's dot products a native build computes with: their second operand is meant to be 0 .. 127; what engines
 * make of other numbers differs. A test chooses. */
#ifndef BERTLET_RELAXED_ENGINE_H
#define BERTLET_RELAXED_ENGINE_H

typedef enum relaxed_engine {
  ENGINE_X86,      /* pmaddubsw: unsigned, and sums of pairs saturate */
  ENGINE_X86_VNNI, /* vpdpbusd: unsigned; pairs as above */
  ENGINE_ARM,      /* sdot: signed; sums of pairs wrap around */
  ENGINE_WRONG     /* V8 of Node 20: pmaddubsw with its operands exchanged */
} relaxed_engine;

extern relaxed_engine emulated_engine;

#endif
