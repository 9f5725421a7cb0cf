"""Where the master keys are kept (zhixun.kernel.ports.KeyRing)."""
