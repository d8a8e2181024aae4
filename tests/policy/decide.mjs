// One request of IAM on each line in, one decision on each line out, in the same order.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const found = await runSimulation(JSON.parse(line), {})
  const answer =
    found.resultType === 'error'
      ? { error: JSON.stringify(found.errors) }
      : { decision: found.overallResult }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
