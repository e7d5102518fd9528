/**
 * Runs `steps` from the last to the first, each after the one before has ended, and empties the
 * list. A step that fails keeps none of the others from running; the first failure is thrown at the
 * end.
 */
export async function undo(steps: Array<() => unknown>): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps.splice(0).reverse()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
