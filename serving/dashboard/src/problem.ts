// What went wrong, in the form the API says it (RFC 9457), or in the same form when nothing answered.

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly fixes: readonly string[];

  constructor(status: number, body: ProblemBody, requestId: string | null = null) {
    super(body.title || `The server answered ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.detail = body.detail ?? '';
    this.requestId = body.request_id ?? requestId;
    this.fixes = (body.errors ?? []).map((error) => [error.msg, error.fix].filter(Boolean).join(' '));
  }
}

export interface ProblemBody {
  readonly title?: string;
  readonly detail?: string | null;
  readonly code?: string;
  readonly request_id?: string | null;
  readonly errors?: readonly { readonly msg?: string; readonly fix?: string | null }[];
}

/** Turn whatever was thrown or rejected into a Problem. */
export function problemOf(reason: unknown): Problem {
  if (reason instanceof Problem) return reason;
  return new Problem(0, {
    title: 'The server did not answer',
    detail: 'It may be restarting, or the network is away. The page tries again by itself.',
    code: 'no_answer',
  });
}

/** Read a JSON answer; every status but 2xx becomes a Problem. */
export async function read<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  throw new Problem(response.status, body, response.headers.get('X-Request-Id'));
}

export const isAbort = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'AbortError';
