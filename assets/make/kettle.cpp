// A stove kettle, 27 cm with its handle: turned body with shoulder, base and lid, a curved spout with a mouth, and an
// arched handle over the lid. The handle makes the one hole: genus 1. The spout's bore ends inside, so it adds none.
#include "assets/make/models.h"

namespace penumbra::assets {

namespace {

// Radius and height along the outline, from the middle of the base to the top of the knob (m).
const Turned& turnedBody() {
  static const Turned body({{0, 0.004},      {0.040, 0.004},  {0.070, 0.0018}, {0.079, 0.0038}, {0.0815, 0.009},
                            {0.083, 0.0125}, {0.0905, 0.017}, {0.102, 0.031},  {0.1095, 0.052}, {0.1085, 0.073},
                            {0.100, 0.094},  {0.086, 0.111},  {0.070, 0.1225}, {0.0605, 0.128}, {0.0585, 0.1285},
                            {0.0578, 0.132}, {0.0565, 0.1352}, {0.048, 0.1405}, {0.030, 0.147}, {0.0135, 0.1505},
                            {0.0085, 0.1545}, {0.0088, 0.159}, {0.0145, 0.1655}, {0.0170, 0.1725}, {0.0140, 0.1795},
                            {0.0070, 0.1825}, {0, 0.183}}, 5);
  return body;
}

const Tube& spout() {
  static const Tube tube({{{0.062, 0.046, 0}, 0.0320},
                          {{0.098, 0.055, 0}, 0.0270},
                          {{0.127, 0.078, 0}, 0.0195},
                          {{0.146, 0.108, 0}, 0.0157},
                          {{0.163, 0.136, 0}, 0.0142},
                          {{0.184, 0.157, 0}, 0.0150}}, 8);
  return tube;
}

const Tube& bore() {
  static const Tube tube({{{0.149, 0.112, 0}, 0.0060},
                          {{0.155, 0.124, 0}, 0.0085},
                          {{0.163, 0.136, 0}, 0.0090},
                          {{0.184, 0.157, 0}, 0.0100},
                          {{0.205, 0.174, 0}, 0.0125}}, 8);
  return tube;
}

const Tube& handle() {
  static const Tube tube({{{-0.083, 0.098, 0}, 0.0125},
                          {{-0.0915, 0.130, 0}, 0.0090},
                          {{-0.0950, 0.172, 0}, 0.0080},
                          {{-0.081, 0.216, 0}, 0.0085},
                          {{-0.050, 0.2445, 0}, 0.0122},
                          {{0.000, 0.2545, 0}, 0.0138},
                          {{0.050, 0.2445, 0}, 0.0122},
                          {{0.080, 0.216, 0}, 0.0085},
                          {{0.091, 0.172, 0}, 0.0080},
                          {{0.0885, 0.130, 0}, 0.0090},
                          {{0.081, 0.098, 0}, 0.0125}}, 8);
  return tube;
}

double shape(const Point& p) {
  const double poured = smoothUnion(turnedBody()(p) - 0.0008, spout()(p), 0.034);
  // The mouth is cut by a plane that leans forward.
  const Point lean = glm::normalize(Point(0.35, 1.0, 0));
  const double cut = smoothDifference(poured, 0.148 - glm::dot(p - Point(0.180, 0, 0), lean), 0.004);
  return smoothUnion(smoothDifference(cut, bore()(p), 0.004), handle()(p), 0.014);
}

}  // namespace

Model kettle() {
  Bounds box;
  box.add({-0.13, -0.01, -0.13});
  box.add({0.22, 0.29, 0.13});
  return {shape, box, 0.0026, {.faces = 20000, .shortest = 0.0012, .longest = 0.0075, .fineness = 0.30}};
}

}  // namespace penumbra::assets
