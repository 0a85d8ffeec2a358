/** A button that is a few words among others. */

interface Props {
  readonly name: string;
  readonly title?: string;
  readonly onClick: () => void;
}

export function TextButton({ name, title, onClick }: Props) {
  return (
    <button type="button" class="seqdream-text-button" title={title} onClick={onClick}>
      {name}
    </button>
  );
}
