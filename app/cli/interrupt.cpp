#include "app/cli/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace penumbra {
namespace {

volatile std::sig_atomic_t interruptRequested = 0;

extern "C" void noteInterrupt(int) { interruptRequested = 1; }

void install(int signalNumber, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = handler == noteInterrupt ? SA_RESETHAND | SA_RESTART : 0;  // the second one has its usual effect
  sigaction(signalNumber, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interruptRequested = 0;
  for (int number : {SIGINT, SIGTERM}) install(number, noteInterrupt);
}

InterruptGuard::~InterruptGuard() {
  for (int number : {SIGINT, SIGTERM}) install(number, SIG_DFL);
}

bool InterruptGuard::requested() const { return interruptRequested != 0; }

}  // namespace penumbra
